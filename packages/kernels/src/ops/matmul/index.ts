export {
  type MatmulGeometry,
  matmul,
  matmulGeometry,
  matmulGradA,
  matmulGradB,
} from "./matmul.ts";
