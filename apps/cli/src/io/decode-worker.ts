/*
 * The decoding thread: files in, images out, one at a time. It is a bundle of its own,
 * dist/decode-worker.js, started by decode-pool.ts.
 */
import { parentPort } from "node:worker_threads";
import { resize } from "@fauxgrad/models/transforms";
import { augmentImage } from "@fauxgrad/tgd";
import { decodeImage } from "./decode-image.ts";
import {
  type DecodeReply,
  type DecodeRequest,
  type DecodeTask,
  toProblem,
} from "./decode-messages.ts";
import { jpegCodec } from "./jpeg-codec.ts";

const port = parentPort;
if (port === null) throw new Error("decode-worker runs as a worker thread only");

port.on("message", (request: DecodeRequest) => {
  if (request.type === "close") {
    port.close();
    return;
  }
  decode(request.file, request.task).then(
    (reply) => port.postMessage(reply, reply.type === "image" ? [pixels(reply)] : []),
    (error: unknown) =>
      port.postMessage({ type: "problem", problem: toProblem(request.file, error) }),
  );
});

async function decode(file: string, task: DecodeTask): Promise<DecodeReply> {
  const { maxPixels, size, filter, augmentation } = task;
  const decoded = await decodeImage(file, { maxPixels });
  const source = { width: decoded.width, height: decoded.height };
  const { plan, geometry } = augmentation ?? {};
  const augmented =
    plan === undefined || geometry === undefined
      ? decoded
      : await augmentImage(decoded, plan, geometry, jpegCodec);
  const image = size === null ? augmented : resize(augmented, size, filter);
  // libvips owns the memory it returns: Node 20 would copy it anyway, Node 22 refuses to send it.
  const isOurs = image !== decoded && augmentation === null;
  const data = isOurs ? image.data : image.data.slice();
  return { type: "image", image: { width: image.width, height: image.height, data }, source };
}

function pixels(reply: Extract<DecodeReply, { type: "image" }>): ArrayBuffer {
  return reply.image.data.buffer as ArrayBuffer;
}
