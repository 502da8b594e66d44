// Appendix A.2 of the specification: upstream's modules in float64 on the deterministic fill.
import type { GradientVector } from "../test-vectors.ts";

/** One line of the appendix. */
export interface DiscriminatorVector {
  readonly scoreSum: number;
  /** As many as are printed. */
  readonly scores: readonly number[];
  readonly samples: readonly GradientVector[];
}

export const pgganTiny: DiscriminatorVector = {
  scoreSum: -1.146924451e-1,
  scores: [-1.146924451e-1],
  samples: [
    {
      sum: -9.652781009e-2,
      l1: 3.726795989,
      l2: 8.884436854e-2,
      min: -7.336498186e-3,
      max: 7.476034157e-3,
      points: [3.002707479e-4, 6.997607212e-4, 1.170996568e-5, -1.037266813e-3],
      bytes: [131, 138, 127, 108],
      byteSum: 386312,
    },
  ],
};

export const styleganTiny: DiscriminatorVector = {
  scoreSum: -8.859044962e-2,
  scores: [-8.859044962e-2],
  samples: [
    {
      sum: 2.031461723e-1,
      l1: 1.284534732,
      l2: 3.123800532e-2,
      min: -2.222178084e-3,
      max: 2.258072936e-3,
      points: [1.886458364e-4, -6.589154431e-4, 1.745005613e-5, 1.115718809e-4],
      bytes: [137, 89, 127, 133],
      byteSum: 400122,
    },
  ],
};

export const stylegan2Tiny: DiscriminatorVector = {
  scoreSum: -1.068920165e-1,
  scores: [-1.068920165e-1],
  samples: [
    {
      sum: 1.193247689e-2,
      l1: 1.781742886,
      l2: 4.176642247e-2,
      min: -2.708477298e-3,
      max: 2.67204361e-3,
      points: [2.137423274e-5, -9.579349506e-4, -2.239025417e-4, -4.780738681e-4],
      bytes: [129, 83, 118, 106],
      byteSum: 394938,
    },
  ],
};

export const pgganJoint: DiscriminatorVector = {
  scoreSum: -3.509869679e-1,
  scores: [-1.180324531e-1, -6.889891524e-2, -9.323717237e-2],
  samples: [
    {
      sum: -9.970285707e-2,
      l1: 3.733875841,
      l2: 8.904827217e-2,
      min: -7.400408938e-3,
      max: 7.479467607e-3,
      points: [2.976756759e-4, 6.869071204e-4, 1.291970083e-5, -1.054530783e-3],
      bytes: [132, 139, 127, 109],
      byteSum: 387882,
    },
    {
      sum: -1.623003089e-1,
      l1: 3.350820337,
      l2: 7.994487779e-2,
      min: -6.006326272e-3,
      max: 6.183148086e-3,
      points: [-3.682467141e-4, -3.696006804e-4, -1.772968501e-4, -1.719477796e-3],
      bytes: [118, 118, 122, 90],
      byteSum: 382638,
    },
    {
      sum: -2.978055562e-1,
      l1: 3.408245759,
      l2: 8.084796157e-2,
      min: -5.258727934e-3,
      max: 5.841444659e-3,
      points: [7.73703534e-5, -3.873963757e-3, 3.851064693e-4, 5.459863246e-5],
      bytes: [123, 32, 130, 122],
      byteSum: 364292,
    },
    {
      sum: 3.720572088e-2,
      l1: 3.278302882,
      l2: 7.687951736e-2,
      min: -6.046860373e-3,
      max: 5.847308255e-3,
      points: [1.686318372e-4, -1.893325629e-3, 1.372113707e-4, -1.883819015e-3],
      bytes: [133, 89, 133, 89],
      byteSum: 399051,
    },
  ],
};

export const styleganJoint: DiscriminatorVector = {
  scoreSum: -3.360564607e-1,
  scores: [-8.950023122e-2, -9.930244309e-2, -5.45182517e-2],
  samples: [
    {
      sum: 2.680220418e-1,
      l1: 1.274646328,
      l2: 3.092513545e-2,
      min: -1.737298775e-3,
      max: 2.360016477e-3,
      points: [2.025807086e-4, -7.347960362e-4, 2.464199584e-5, 1.601266979e-4],
      bytes: [121, 62, 110, 118],
      byteSum: 348844,
    },
    {
      sum: 3.182683737e-1,
      l1: 1.194474856,
      l2: 2.942289568e-2,
      min: -1.948030046e-3,
      max: 2.482834013e-3,
      points: [4.695907709e-6, -4.263785252e-4, 2.802871333e-5, -4.689205295e-5],
      bytes: [112, 88, 114, 109],
      byteSum: 362704,
    },
    {
      sum: 2.884000943e-1,
      l1: 1.371037135,
      l2: 3.34875438e-2,
      min: -2.384146055e-3,
      max: 2.618186562e-3,
      points: [2.270104635e-5, -6.787149587e-4, -5.38611867e-5, 6.711282766e-4],
      bytes: [123, 87, 119, 156],
      byteSum: 388053,
    },
    {
      sum: 2.790756186e-1,
      l1: 1.372424091,
      l2: 3.35261046e-2,
      min: -2.90023206e-3,
      max: 2.960577515e-3,
      points: [-5.227165134e-5, 3.356652776e-5, -5.204624202e-5, 6.922615815e-4],
      bytes: [124, 128, 124, 156],
      byteSum: 399796,
    },
  ],
};

export const pggan256: DiscriminatorVector = {
  scoreSum: 3.237255823e-1,
  scores: [3.237255823e-1],
  samples: [
    {
      sum: -3.299655517e-3,
      l1: 5.566524365,
      l2: 1.694528613e-2,
      min: -2.511964179e-4,
      max: 2.580060152e-4,
      points: [1.032209846e-6, 3.596093702e-5, 5.075266694e-7, 9.171507818e-5],
      bytes: [126, 144, 126, 172],
      byteSum: 24730739,
    },
  ],
};

export const stylegan2256: DiscriminatorVector = {
  scoreSum: 2.352217312e-1,
  scores: [2.352217312e-1],
  samples: [
    {
      sum: 8.091828225e-2,
      l1: 2.043633211,
      l2: 5.971202533e-3,
      min: -6.373693945e-5,
      max: 6.922966919e-5,
      points: [1.003065402e-6, -1.53311313e-5, -4.409526101e-7, 1.301147807e-5],
      bytes: [124, 93, 121, 147],
      byteSum: 24186987,
    },
  ],
};

// Partly grown and fused networks: fixtures/progressive.py.

export const pgganLod1: DiscriminatorVector = {
  scoreSum: -0.1096025446,
  scores: [-0.1096025446],
  samples: [
    {
      sum: -1.241577356e-2,
      l1: 3.269773559,
      l2: 8.031004001e-2,
      min: -6.466318147e-3,
      max: 5.405449393e-3,
      points: [1.649918156e-4, 1.610462798e-3, -3.363555374e-4, -5.337594083e-4],
      bytes: [142, 173, 132, 127],
      byteSum: 426392,
    },
  ],
};

export const pgganLod1Half: DiscriminatorVector = {
  scoreSum: -0.03273196751,
  scores: [-0.03273196751],
  samples: [
    {
      sum: -1.038411721e-2,
      l1: 2.471056006,
      l2: 5.767451453e-2,
      min: -4.591719035e-3,
      max: 3.630925967e-3,
      points: [1.888884175e-4, 3.783092073e-4, -1.082723388e-3, 1.191563658e-3],
      bytes: [148, 154, 109, 179],
      byteSum: 437108,
    },
  ],
};

export const pgganLod3: DiscriminatorVector = {
  scoreSum: -0.0002706046967,
  scores: [-0.0002706046967],
  samples: [
    {
      sum: -5.696405572e-1,
      l1: 4.073132651,
      l2: 9.370740012e-2,
      min: -3.510617527e-3,
      max: 4.127600314e-3,
      points: [1.963670238e-4, 3.044069449e-4, 1.783640833e-4, 2.732217665e-4],
      bytes: [124, 127, 123, 126],
      byteSum: 340992,
    },
  ],
};

export const styleganLodQuarter: DiscriminatorVector = {
  scoreSum: -0.05548830239,
  scores: [-0.05548830239],
  samples: [
    {
      sum: 2.492668013e-1,
      l1: 9.347016211e-1,
      l2: 2.344456092e-2,
      min: -1.517048971e-3,
      max: 2.344902252e-3,
      points: [1.362561063e-4, -3.945553804e-4, -2.997123302e-5, 2.245990057e-5],
      bytes: [109, 74, 98, 102],
      byteSum: 324187,
    },
  ],
};

export const styleganLod2ThreeQuarters: DiscriminatorVector = {
  scoreSum: 0.01780536602,
  scores: [0.01780536602],
  samples: [
    {
      sum: -6.91517498e-1,
      l1: 3.020892335,
      l2: 6.915320478e-2,
      min: -2.826565448e-3,
      max: 2.881517259e-3,
      points: [-3.802833403e-4, -1.58869937e-3, 1.48943026e-4, 4.23641285e-4],
      bytes: [109, 55, 133, 145],
      byteSum: 357024,
    },
  ],
};

export const pgganFused: DiscriminatorVector = {
  scoreSum: -0.1166822469,
  scores: [-0.1166822469],
  samples: [
    {
      sum: 1.425886067e-1,
      l1: 3.310871311,
      l2: 7.996068312e-2,
      min: -7.166633993e-3,
      max: 5.394376813e-3,
      points: [-1.687302847e-4, -1.006909048e-3, -1.535028704e-4, 2.172668957e-3],
      bytes: [142, 125, 142, 190],
      byteSum: 449865,
    },
  ],
};
