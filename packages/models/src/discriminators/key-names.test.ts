import { expect, test } from "vitest";
import { keyConvention, toGenforceNames } from "./key-names.ts";
import { Stylegan2Discriminator } from "./stylegan2.ts";

const network = new Stylegan2Discriminator({ resolution: 16, fmapsBase: 256, fmapsMax: 32 });
const expected = new Map([...network.expectedState()].map(([name, shape]) => [name, { shape }]));

/** The state of rosinality's Discriminator(16), as model.py makes it. */
function rosinality(bias: (channels: number) => number[]) {
  const state = new Map<string, { shape: readonly number[] }>();
  const set = (name: string, ...shape: number[]) => state.set(name, { shape });
  set("convs.0.0.weight", 16, 3, 1, 1);
  state.set("convs.0.1.bias", { shape: bias(16) });
  for (const [j, inputs, outputs] of [
    [1, 16, 32],
    [2, 32, 32],
  ] as const) {
    set(`convs.${j}.conv1.0.weight`, inputs, inputs, 3, 3);
    state.set(`convs.${j}.conv1.1.bias`, { shape: bias(inputs) });
    set(`convs.${j}.conv2.0.kernel`, 4, 4);
    set(`convs.${j}.conv2.1.weight`, outputs, inputs, 3, 3);
    state.set(`convs.${j}.conv2.2.bias`, { shape: bias(outputs) });
    set(`convs.${j}.skip.0.kernel`, 4, 4);
    set(`convs.${j}.skip.1.weight`, outputs, inputs, 1, 1);
  }
  set("final_conv.0.weight", 32, 33, 3, 3);
  state.set("final_conv.1.bias", { shape: bias(32) });
  set("final_linear.0.weight", 32, 512);
  set("final_linear.0.bias", 32);
  set("final_linear.1.weight", 1, 32);
  set("final_linear.1.bias", 1);
  return state;
}

function sorted(state: ReadonlyMap<string, { readonly shape: readonly number[] }>) {
  return [...state].map(([name, { shape }]) => `${name} ${shape.join(",")}`).sort();
}

test("rosinality's names become genforce's", () => {
  for (const bias of [(c: number) => [c], (c: number) => [1, c, 1, 1]]) {
    const state = rosinality(bias);
    expect(keyConvention(state.keys())).toBe("rosinality");
    expect(sorted(toGenforceNames(state))).toEqual(sorted(expected));
  }
});

test("stylegan2-ada's names become genforce's", () => {
  const state = new Map<string, { shape: readonly number[] }>();
  const layer = (name: string, ...shape: number[]) => {
    state.set(`${name}.weight`, { shape });
    if (!name.endsWith("skip")) state.set(`${name}.bias`, { shape: [shape[0] ?? 0] });
  };
  const filters = (...names: string[]) => {
    for (const name of names) state.set(`${name}.resample_filter`, { shape: [4, 4] });
  };
  filters("b16", "b16.fromrgb", "b16.conv0", "b16.conv1", "b16.skip", "b8", "b8.conv0");
  filters("b8.conv1", "b8.skip", "b4.conv");
  layer("b16.fromrgb", 16, 3, 1, 1);
  layer("b16.conv0", 16, 16, 3, 3);
  layer("b16.conv1", 32, 16, 3, 3);
  layer("b16.skip", 32, 16, 1, 1);
  layer("b8.conv0", 32, 32, 3, 3);
  layer("b8.conv1", 32, 32, 3, 3);
  layer("b8.skip", 32, 32, 1, 1);
  layer("b4.conv", 32, 33, 3, 3);
  layer("b4.fc", 32, 512);
  layer("b4.out", 1, 32);
  expect(keyConvention(state.keys())).toBe("stylegan2-ada");
  expect(sorted(toGenforceNames(state))).toEqual(sorted(expected));
});

test("what belongs to no layer keeps its name, and genforce's names all do", () => {
  const state = rosinality((c) => [c]).set("convs.9.noise.weight", { shape: [1] });
  expect([...toGenforceNames(state).keys()]).toContain("convs.9.noise.weight");
  const ada = new Map([
    ["b4.fc.weight", { shape: [1, 1] }],
    ["mapping.embed.weight", { shape: [2] }],
  ]);
  expect([...toGenforceNames(ada).keys()]).toEqual(["layer1.weight", "mapping.embed.weight"]);
  expect(toGenforceNames(expected)).toEqual(expected);
});
