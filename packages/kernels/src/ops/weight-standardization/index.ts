export {
  type FilterMoments,
  standardizeWeight,
  standardizeWeightGrad,
} from "./weight-standardization.ts";
