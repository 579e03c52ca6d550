from kubernetes import client, config

from lines import answer_lines


def load():
    return client.AuthenticationV1Api(config.new_client_from_config())


def ask(api):
    return api.create_self_subject_review(client.V1SelfSubjectReview()).status.user_info.to_dict()


answer_lines(load, ask)
