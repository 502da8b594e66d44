export {
  type Upfirdn2dGeometry,
  type Upfirdn2dOptions,
  upfirdn2dAdjoint,
  upfirdn2dGeometry,
} from "./geometry.ts";
export { upfirdn2d } from "./upfirdn2d.ts";
