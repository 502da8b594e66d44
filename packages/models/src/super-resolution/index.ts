export { graphFromKeras } from "./from-keras.ts";
export { type GraphModel, graphFromNcnn } from "./from-ncnn.ts";
export type { Graph, GraphActivation, GraphNode, GraphOperation } from "./graph.ts";
export { GraphNetwork } from "./graph-network.ts";
export { SuperResolution, type SuperResolutionOptions } from "./super-resolution.ts";
