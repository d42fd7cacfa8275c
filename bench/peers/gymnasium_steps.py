"""Gymnasium's own Taxi and FrozenLake, replaying the same episodes; spoken to in JSON lines.

The protocol is that of ../protocol.ts. Gymnasium answers a step with an integer where our environments
write the situation out as text.
"""

import json
import sys
import time

try:
    import gymnasium
except ImportError:
    print(json.dumps({"missing": "python3 has no gymnasium"}), flush=True)
    sys.exit(0)


def make(environment):
    """One of its environments, set as ours is in bench/sections/envs.ts."""
    if environment == "frozen-lake":
        return gymnasium.make("FrozenLake-v1", is_slippery=False, disable_env_checker=True)
    newest = "Taxi-v4" if "Taxi-v4" in gymnasium.registry else "Taxi-v3"
    return gymnasium.make(newest, disable_env_checker=True)


class Steps:
    """Episodes from given states with given actions."""

    def __init__(self, task):
        self.players = [make(task["environment"]) for _ in range(task["instances"])]
        self.episodes = [
            (episode["state"], [int(label) for label in episode["labels"]]) for episode in task["episodes"]
        ]
        self.check = self.replay()

    def replay(self):
        ends = []
        for first in range(0, len(self.episodes), len(self.players)):
            group = self.episodes[first : first + len(self.players)]
            last = []
            for player, (state, _) in zip(self.players, group):
                player.reset()
                player.unwrapped.s = state
                last.append(state)
            for step in range(max(len(actions) for _, actions in group)):
                for i, (_, actions) in enumerate(group):
                    if step < len(actions):
                        last[i] = self.players[i].step(actions[step])[0]
            ends.extend(int(state) for state in last)
        return ends


def answer(request, prepared):
    """The reply to one request, and what is prepared behind it."""
    if request["method"] == "open":
        prepared = Steps(request["task"])
        return {"check": prepared.check}, prepared
    if request["method"] == "measure":
        start = time.perf_counter()
        for _ in range(request["repetitions"]):
            prepared.replay()
        return {"seconds": (time.perf_counter() - start) / request["repetitions"]}, prepared
    return {}, None


def main():
    print(json.dumps({"ready": {"version": f"Gymnasium {gymnasium.__version__}"}}), flush=True)
    prepared = None
    for line in sys.stdin:
        try:
            reply, prepared = answer(json.loads(line), prepared)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
