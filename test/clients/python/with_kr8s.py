import kr8s

from lines import REVIEW, answer_lines


def load():
    # kr8s.api() hands out the client that it made before.
    kr8s.Api._instances.clear()
    return kr8s.api()


def ask(api):
    with api.call_api("POST", version="authentication.k8s.io/v1", url="selfsubjectreviews", json=REVIEW) as answer:
        return answer.json()["status"]["userInfo"]


answer_lines(load, ask)
