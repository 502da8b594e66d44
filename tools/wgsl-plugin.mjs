/** A `.wgsl` file imported as its text (esbuild does the same by `--loader:.wgsl=text`). */
export const wgslText = {
  name: "wgsl-text",
  transform(code, id) {
    return id.endsWith(".wgsl") ? `export default ${JSON.stringify(code)};` : undefined;
  },
};
