"""One request for each line on standard input, through the kubeconfig in KUBECONFIG: "ask" says who we are, "reload"
makes the client anew. Answers with one line of JSON: {"user", "credential"} or {"error"}."""

import json
import sys

from kubernetes import client, config


def load():
    return client.AuthenticationV1Api(config.new_client_from_config())


def ask(api):
    info = api.create_self_subject_review(client.V1SelfSubjectReview()).status.user_info
    credential = (info.extra or {}).get("authentication.kubernetes.io/credential-id", [])
    return {"user": info.username, "credential": credential}


api = None
for line in sys.stdin:
    try:
        if api is None or line.strip() == "reload":
            api = load()
        said = ask(api)
    except Exception as error:  # whatever it is, the test reads it
        said = {"error": str(error) or repr(error)}
    print(json.dumps(said), flush=True)
