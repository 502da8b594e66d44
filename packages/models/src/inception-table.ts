// Inception-V3 as a table: blocks of branches of steps, in torchvision's names and order, which is
// also the order in which Keras makes its layers.
// Source: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016,
// table 1 and figures 5 to 7 and 10; torchvision/models/inception.py.

/** Kernel size, or with a stride and without padding. */
export type Size = readonly [kh: number, kw: number] | readonly [kh: number, kw: number, stride: 2];
/** Name, output channels, size. Without a stride the padding keeps the size of the maps. */
export type Unit = readonly [name: string, outChannels: number, size: Size];
/** One step of a branch; two units side by side see the same input and are concatenated. */
export type Step = "average" | "maximum" | Unit | { readonly both: readonly [Unit, Unit] };
export type Branch = readonly Step[];
/** Branches that see the same input and are concatenated. */
export interface Block {
  readonly name: string;
  readonly branches: readonly Branch[];
}

const ONE: Size = [1, 1];
const THREE: Size = [3, 3];
const HALVE: Size = [3, 3, 2];
const WIDE: Size = [1, 7];
const TALL: Size = [7, 1];

const blockA = (name: string, pooled: number): Block => ({
  name,
  branches: [
    [["branch1x1", 64, ONE]],
    [
      ["branch5x5_1", 48, ONE],
      ["branch5x5_2", 64, [5, 5]],
    ],
    [
      ["branch3x3dbl_1", 64, ONE],
      ["branch3x3dbl_2", 96, THREE],
      ["branch3x3dbl_3", 96, THREE],
    ],
    ["average", ["branch_pool", pooled, ONE]],
  ],
});

const blockB: Block = {
  name: "Mixed_6a",
  branches: [
    [["branch3x3", 384, HALVE]],
    [
      ["branch3x3dbl_1", 64, ONE],
      ["branch3x3dbl_2", 96, THREE],
      ["branch3x3dbl_3", 96, HALVE],
    ],
    ["maximum"],
  ],
};

const blockC = (name: string, inner: number): Block => ({
  name,
  branches: [
    [["branch1x1", 192, ONE]],
    [
      ["branch7x7_1", inner, ONE],
      ["branch7x7_2", inner, WIDE],
      ["branch7x7_3", 192, TALL],
    ],
    [
      ["branch7x7dbl_1", inner, ONE],
      ["branch7x7dbl_2", inner, TALL],
      ["branch7x7dbl_3", inner, WIDE],
      ["branch7x7dbl_4", inner, TALL],
      ["branch7x7dbl_5", 192, WIDE],
    ],
    ["average", ["branch_pool", 192, ONE]],
  ],
});

const blockD: Block = {
  name: "Mixed_7a",
  branches: [
    [
      ["branch3x3_1", 192, ONE],
      ["branch3x3_2", 320, HALVE],
    ],
    [
      ["branch7x7x3_1", 192, ONE],
      ["branch7x7x3_2", 192, WIDE],
      ["branch7x7x3_3", 192, TALL],
      ["branch7x7x3_4", 192, HALVE],
    ],
    ["maximum"],
  ],
};

/** A 1×3 and a 3×1 convolution of the same maps. */
const cross = (wide: string, tall: string): Step => ({
  both: [
    [wide, 384, [1, 3]],
    [tall, 384, [3, 1]],
  ],
});

const blockE = (name: string): Block => ({
  name,
  branches: [
    [["branch1x1", 320, ONE]],
    [["branch3x3_1", 384, ONE], cross("branch3x3_2a", "branch3x3_2b")],
    [
      ["branch3x3dbl_1", 448, ONE],
      ["branch3x3dbl_2", 384, THREE],
      cross("branch3x3dbl_3a", "branch3x3dbl_3b"),
    ],
    ["average", ["branch_pool", 192, ONE]],
  ],
});

/** The layers before the first block; "valid" 3×3 ones have no padding. */
export const STEM: readonly (readonly [string, number, Size, padding: number] | "maximum")[] = [
  ["Conv2d_1a_3x3", 32, HALVE, 0],
  ["Conv2d_2a_3x3", 32, THREE, 0],
  ["Conv2d_2b_3x3", 64, THREE, 1],
  "maximum",
  ["Conv2d_3b_1x1", 80, ONE, 0],
  ["Conv2d_4a_3x3", 192, THREE, 0],
  "maximum",
];

export const BLOCKS: readonly Block[] = [
  blockA("Mixed_5b", 32),
  blockA("Mixed_5c", 64),
  blockA("Mixed_5d", 64),
  blockB,
  blockC("Mixed_6b", 128),
  blockC("Mixed_6c", 160),
  blockC("Mixed_6d", 160),
  blockC("Mixed_6e", 192),
  blockD,
  blockE("Mixed_7b"),
  blockE("Mixed_7c"),
];
