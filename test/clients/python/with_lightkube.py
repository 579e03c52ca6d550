from lightkube import Client
from lightkube.resources.authentication_v1 import SelfSubjectReview

from lines import answer_lines


def ask(client):
    return client.create(SelfSubjectReview()).status.userInfo.to_dict()


answer_lines(Client, ask)
