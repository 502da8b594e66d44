"""PyTorch's side of `bench peers`: eager float32 on CUDA, TF32 off.

Reads requests from stdin, a line of JSON each, followed by the bytes of the tensors that it lists;
answers on stdout likewise. Images come as [N, H, W, C] and weights as the job says.
"""

import json
import os
import signal
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

EPS = 1e-5


def read_tensors(stream, specs, device):
    tensors = {}
    for spec in specs:
        count = int(np.prod(spec["shape"]))
        data = np.frombuffer(stream.read(4 * count), dtype=np.float32).reshape(spec["shape"])
        tensors[spec["name"]] = torch.from_numpy(data.copy()).to(device)
    return tensors


def activated(x, activation):
    if activation == "none":
        return x
    return {"relu": F.relu, "silu": F.silu, "sigmoid": torch.sigmoid}[activation](x)


def forward(graph, weights, images, training):
    values = {"input": images}
    for node in graph["nodes"]:
        kind = node["kind"]
        if kind == "conv":
            bias = weights[node["bias"]] if node["bias"] else None
            x = F.conv2d(
                values[node["input"]],
                weights[node["weight"]],
                bias,
                node["stride"],
                node["padding"],
                groups=node["groups"],
            )
            if node["norm"]:
                mean, var, gamma, beta = (
                    weights[f"{node['norm']}.{part}"]
                    for part in ("running_mean", "running_var", "weight", "bias")
                )
                if training:
                    mean, var = None, None
                x = F.batch_norm(x, mean, var, gamma, beta, training, 0.1, EPS)
            x = activated(x, node["activation"])
        elif kind == "maxPool":
            x = F.max_pool2d(values[node["input"]], 3, 2, 1)
        elif kind == "globalAverage":
            x = values[node["input"]].mean((2, 3), keepdim=True)
        elif kind == "add":
            x = activated(values[node["a"]] + values[node["b"]], node["activation"])
        elif kind == "mul":
            x = activated(values[node["a"]] * values[node["b"]], node["activation"])
        else:
            flat = values[node["input"]].flatten(1)
            x = F.linear(flat, weights[node["weight"]], weights[node["bias"]])
        values[node["output"]] = x
    return values[graph["output"]]


def network_work(request, tensors):
    graph, rate = request["graph"], request["learningRate"]
    images = tensors.pop("images").permute(0, 3, 1, 2).contiguous()
    if request["pass"] == "inference":

        def infer():
            with torch.inference_mode():
                return [forward(graph, tensors, images, False)]

        return infer
    labels = torch.arange(images.shape[0], device=images.device)
    names = [name for name in tensors if not name.endswith(("running_mean", "running_var"))]
    for name in names:
        tensors[name].requires_grad_(True)
    optimizer = torch.optim.SGD([tensors[name] for name in names], lr=rate)
    first, last = graph["nodes"][0]["weight"], graph["nodes"][-1]["bias"]

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(forward(graph, tensors, images, True), labels)
        loss.backward()
        optimizer.step()
        weight = tensors[first].grad.permute(2, 3, 1, 0)
        return [loss.detach().reshape(1), tensors[last].grad, weight]

    return step


def fused_down(weight):
    # A 3x3 convolution and the mean of 2x2 pixels: one of 4x4 taps and stride 2, as genforce fuses
    # them; the weights are frozen, so it is done once.
    wide = F.pad(weight, (1, 1, 1, 1))
    return (wide[..., 1:, 1:] + wide[..., :-1, 1:] + wide[..., 1:, :-1] + wide[..., :-1, :-1]) / 4


def discriminator_work(request, tensors):
    images = tensors.pop("images").permute(0, 3, 1, 2).contiguous().requires_grad_(True)
    row = torch.tensor([1.0, 2.0, 1.0], device=images.device) / 4
    layers = request["layers"]
    deviation = request["epsilon"] ** 0.5
    for layer in layers:
        weight = tensors[layer["name"] + ".weight"]
        weight.mul_(layer["scale"])
        if layer["kind"] == "down":
            channels = layer["inChannels"]
            layer["blur"] = torch.outer(row, row).expand(channels, 1, 3, 3).contiguous()
            weight = fused_down(weight)
        layer["weight"], layer["bias"] = weight, tensors[layer["name"] + ".bias"]

    def run():
        x = images
        for layer in layers:
            weight, bias = layer["weight"], layer["bias"]
            if layer["kind"] == "dense":
                x = F.linear(x.flatten(1), weight, bias)
            elif layer["kind"] == "down":
                x = F.conv2d(x, layer["blur"], padding=1, groups=layer["inChannels"])
                x = F.conv2d(x, weight, bias, stride=2, padding=1)
            else:
                if layer["deviation"]:
                    # Of each image alone it is a constant, as LGrad runs these networks.
                    x = F.pad(x, (0, 0, 0, 0, 0, 1), value=deviation)
                x = F.conv2d(x, weight, bias, padding=layer["kernel"] // 2)
            if layer["slope"] != 1:
                x = F.leaky_relu(x, layer["slope"])
        gradient = torch.autograd.grad(x.sum(), images)[0]
        return [x, gradient.permute(0, 2, 3, 1)]

    return run


def conv_work(request, tensors):
    job = request["job"]
    options = {"stride": job["stride"], "padding": job["padding"], "groups": job["groups"]}
    images = {
        name: tensors[name].permute(0, 3, 1, 2).contiguous()
        for name in ("input", "gradOutput")
        if name in tensors
    }
    if job["pass"] == "gradWeight":
        kh, kw, i, o = job["weight"]
        # cuDNN's own weight gradient, as autograd calls it.
        weight = torch.zeros(o, i, kh, kw, device=images["input"].device)
        mask = [False, True, False]
    else:
        weight = tensors["weight"].permute(3, 2, 0, 1).contiguous()
        mask = [True, False, False]
    if job["pass"] == "forward":
        return lambda: [F.conv2d(images["input"], weight, **options).permute(0, 2, 3, 1)]
    n, h, w, c = job["input"]
    x = images.get("input", torch.zeros(n, c, h, w, device=weight.device))
    pair = lambda value: [value, value]

    def backward():
        gradients = torch.ops.aten.convolution_backward(
            images["gradOutput"],
            x,
            weight,
            None,
            pair(job["stride"]),
            pair(job["padding"]),
            [1, 1],
            False,
            [0, 0],
            job["groups"],
            mask,
        )
        if mask[0]:
            return [gradients[0].permute(0, 2, 3, 1)]
        return [gradients[1].permute(2, 3, 1, 0)]

    return backward


def matmul_work(request, tensors):
    a, b, dy = (tensors.get(name) for name in ("a", "b", "gradOutput"))
    return {
        "forward": lambda: [a @ b],
        "gradInput": lambda: [dy @ b.T],
        "gradWeight": lambda: [a.T @ dy],
    }[request["job"]["pass"]]


WORK = {
    "network": network_work,
    "discriminator": discriminator_work,
    "conv2d": conv_work,
    "matmul": matmul_work,
}


def main():
    # Ctrl-C reaches the whole process group: the bench decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    # The column itself can be tried where there is no GPU.
    wanted = os.environ.get("FAUXGRAD_BENCH_TORCH", "cuda")
    cuda = torch.cuda.is_available()
    device = torch.device("cuda" if cuda and wanted == "cuda" else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    work, last = None, []

    def synchronize():
        if device.type == "cuda":
            torch.cuda.synchronize()

    def answer(message, payload=b""):
        line = json.dumps({**message, "bytes": len(payload)})
        stdout.write(line.encode() + b"\n" + payload)
        stdout.flush()

    for line in stdin:
        request = json.loads(line)
        call = request["call"]
        try:
            if call == "hello":
                name = torch.cuda.get_device_name() if device.type == "cuda" else "the CPU"
                usable = device.type == wanted
                answer({"version": torch.__version__, "device": name, "usable": usable})
            elif call == "prepare":
                last = []
                tensors = read_tensors(stdin, request["tensors"], device)
                work = WORK[request["op"]](request, tensors)
                answer({})
            elif call == "sample":
                cpu, start = time.process_time(), time.perf_counter()
                for _ in range(request["repeats"]):
                    last = work()
                synchronize()
                ms = 1000 * (time.perf_counter() - start)
                answer({"ms": ms, "cpuMs": 1000 * (time.process_time() - cpu)})
            else:
                parts = [part.detach().reshape(-1).cpu().numpy() for part in last]
                answer({}, np.concatenate(parts).astype(np.float32).tobytes())
        except Exception as error:  # One job's failure is the job's.
            answer({"error": f"{type(error).__name__}: {error}"})


main()
