declare module "*.wasm" {
  /** Its bytes in base64. */
  const text: string;
  export default text;
}
