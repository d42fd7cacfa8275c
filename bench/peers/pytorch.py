"""PyTorch on the processor: the same products and the same training step, spoken to in JSON lines.

The protocol is that of ../protocol.ts. Nothing but torch and the standard library is used.
"""

import array
import json
import math
import sys
import time

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    print(json.dumps({"missing": "python3 has no torch"}), flush=True)
    sys.exit(0)


def read_arrays(file):
    """The arrays of a file of float32 numbers, by name."""
    numbers = array.array("f")
    with open(file["path"], "rb") as source:
        numbers.frombytes(source.read())
    every = torch.frombuffer(numbers, dtype=torch.float32)
    found = {}
    for entry in file["arrays"]:
        size = math.prod(entry["shape"])
        start = entry["offset"]
        found[entry["name"]] = every[start : start + size].reshape(entry["shape"]).clone()
    return found


class Matmul:
    """A matrix product into a given result."""

    def __init__(self, task):
        arrays = read_arrays(task["operands"])
        self.a = arrays["a"].T if task["transposes"] == "TN" else arrays["a"]
        self.b = arrays["b"].T if task["transposes"] == "NT" else arrays["b"]
        self.out = torch.empty(self.a.shape[0], self.b.shape[1])
        self.step()
        self.check = [float(self.out.flatten()[position]) for position in task["probes"]]

    def step(self):
        torch.matmul(self.a, self.b, out=self.out)


class Training:
    """Whole training steps of the GPT on one batch."""

    def __init__(self, task):
        self.model = task["model"]
        self.tokens = torch.tensor(task["tokens"])
        self.targets = torch.tensor(task["targets"])
        self.p = read_arrays(task["weights"])
        for value in self.p.values():
            value.requires_grad_(True)
        settings = task["optimizer"]
        values = list(self.p.values())
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in values if p.dim() == 2], "weight_decay": settings["weightDecay"]},
                {"params": [p for p in values if p.dim() != 2], "weight_decay": 0.0},
            ],
            lr=settings["learningRate"],
            betas=(settings["beta1"], settings["beta2"]),
            eps=settings["epsilon"],
        )
        self.check = [self.step() for _ in range(task["checkedSteps"])]

    def norm(self, name, x):
        return F.layer_norm(x, x.shape[-1:], self.p[f"{name}.weight"], self.p[f"{name}.bias"], 1e-5)

    def linear(self, name, x):
        return x @ self.p[f"{name}.weight"] + self.p[f"{name}.bias"]

    def attend(self, qkv):
        batch, sequence, _ = qkv.shape
        heads = self.model["heads"]
        split = qkv.view(batch, sequence, 3, heads, -1).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(*split.unbind(0), is_causal=True)
        return attended.transpose(1, 2).reshape(batch, sequence, -1)

    def loss(self):
        sequence = self.tokens.shape[1]
        x = F.embedding(self.tokens, self.p["wte.weight"]) + self.p["wpe.weight"][:sequence]
        for layer in range(self.model["layers"]):
            name = f"h.{layer}"
            qkv = self.linear(f"{name}.attn.c_attn", self.norm(f"{name}.ln_1", x))
            x = x + self.linear(f"{name}.attn.c_proj", self.attend(qkv))
            inner = self.linear(f"{name}.mlp.c_fc", self.norm(f"{name}.ln_2", x))
            x = x + self.linear(f"{name}.mlp.c_proj", F.gelu(inner, approximate="tanh"))
        logits = self.norm("ln_f", x) @ self.p["wte.weight"].T
        return F.cross_entropy(logits.flatten(0, 1), self.targets.flatten())

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())


TASKS = {"matmul": Matmul, "training": Training}


def answer(request, prepared):
    """The reply to one request, and what is prepared behind it."""
    if request["method"] == "open":
        prepared = TASKS[request["task"]["kind"]](request["task"])
        return {"check": prepared.check}, prepared
    if request["method"] == "measure":
        start = time.perf_counter()
        for _ in range(request["repetitions"]):
            prepared.step()
        return {"seconds": (time.perf_counter() - start) / request["repetitions"]}, prepared
    return {}, None


def main():
    version = f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads"
    print(json.dumps({"ready": {"version": version}}), flush=True)
    prepared = None
    for line in sys.stdin:
        try:
            reply, prepared = answer(json.loads(line), prepared)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
