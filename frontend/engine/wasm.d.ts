declare module "*.wasm" {
  /** Its bytes, deflated, in base64. */
  const text: string;
  export default text;
}
