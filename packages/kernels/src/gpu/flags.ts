/**
 * WebGPU's flag values as the specification's numbers: Node has no `GPUBufferUsage` global, and
 * packages read no globals.
 *
 * @see https://www.w3.org/TR/webgpu/#buffer-usage
 */
export const BufferUsage = {
  MAP_READ: 0x0001,
  COPY_SRC: 0x0004,
  COPY_DST: 0x0008,
  UNIFORM: 0x0040,
  STORAGE: 0x0080,
  QUERY_RESOLVE: 0x0200,
} as const;

/** `GPUMapMode`. */
export const MapMode = { READ: 0x0001 } as const;

/** `GPUShaderStage`. */
export const ShaderStage = { COMPUTE: 0x4 } as const;
