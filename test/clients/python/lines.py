"""One request for each line on standard input, through the kubeconfig in KUBECONFIG: "ask" says who we are, "reload"
makes the client again. Answers with one line of JSON: {"user", "credential"} or {"error"}."""

import json
import sys


def answer_lines(load, ask):
    """`load` makes a client, `ask` returns the `userInfo` of a SelfSubjectReview by it, as a mapping."""
    client = None
    for line in sys.stdin:
        try:
            if client is None or line.strip() == "reload":
                client = load()
            info = ask(client)
            credential = (info.get("extra") or {}).get("authentication.kubernetes.io/credential-id", [])
            said = {"user": info["username"], "credential": credential}
        except Exception as error:  # whatever it is, the test reads it
            said = {"error": str(error) or repr(error)}
        print(json.dumps(said), flush=True)


REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
