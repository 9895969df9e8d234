/** Layers by what their names begin with: "layer1.0.conv1" and its neighbours stand in "layer1.0". */

export interface Folder {
  /** What the names of its members begin with, before a dot; null of layers that stand by themselves. */
  name: string | null;
  /** Their positions in the list. */
  members: number[];
}

/** More layers than this are folded, and folders of fewer than two members are none. */
const MOST = 24;
const DEEP = 2;

/** Runs of neighbours with one prefix of at most DEEP parts; the order stays. Few layers are not folded at all. */
export function folders(names: readonly string[]): Folder[] {
  const prefix = (name: string): string | null => {
    const parts = name.split(".");
    return names.length > MOST && parts.length > 1 ? parts.slice(0, Math.min(DEEP, parts.length - 1)).join(".") : null;
  };
  const found: Folder[] = [];
  names.forEach((name, at) => {
    const own = prefix(name);
    const last = found[found.length - 1];
    if (last && last.name === own) last.members.push(at);
    else found.push({ name: own, members: [at] });
  });
  return found.map((one) => (one.members.length < 2 ? { ...one, name: null } : one));
}
