/** SVG paths of lines and areas; a point that is not finite makes a gap. */

const at = (x: number, y: number): string => `${Math.round(x * 100) / 100},${Math.round(y * 100) / 100}`;

/** Points in pixels to the path of a line. */
export function linePath(points: readonly (readonly [number, number])[]): string {
  let path = "";
  let pen = "M";
  for (const [x, y] of points) {
    if (Number.isFinite(x) && Number.isFinite(y)) {
      path += pen + at(x, y);
      pen = "L";
    } else pen = "M";
  }
  return path;
}

/** Points of x, low and high in pixels to the path of the region between; there and back again. */
export function areaPath(points: readonly (readonly [number, number, number])[]): string {
  const there = points.map(([x, low]) => at(x, low));
  const back = points.map(([x, , high]) => at(x, high)).reverse();
  return points.length ? `M${[...there, ...back].join("L")}Z` : "";
}
