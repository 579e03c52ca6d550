// One request for each line on standard input, through the kubeconfig in KUBECONFIG: "ask" says who we are, "reload"
// makes the client anew. Answers with one line of JSON: {"user", "credential"} or {"error"}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"

	authentication "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	client "k8s.io/client-go/kubernetes/typed/authentication/v1"
	"k8s.io/client-go/tools/clientcmd"
)

type answer struct {
	User       string   `json:"user,omitempty"`
	Credential []string `json:"credential,omitempty"`
	Error      string   `json:"error,omitempty"`
}

func load() (*client.AuthenticationV1Client, error) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return nil, err
	}
	return client.NewForConfig(config)
}

func ask(cluster *client.AuthenticationV1Client) (answer, error) {
	review := &authentication.SelfSubjectReview{}
	found, err := cluster.SelfSubjectReviews().Create(context.Background(), review, metav1.CreateOptions{})
	if err != nil {
		return answer{}, err
	}
	info := found.Status.UserInfo
	return answer{User: info.Username, Credential: info.Extra["authentication.kubernetes.io/credential-id"]}, nil
}

func main() {
	var cluster *client.AuthenticationV1Client
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var said answer
		var err error
		if cluster == nil || lines.Text() == "reload" {
			cluster, err = load()
		}
		if err == nil {
			said, err = ask(cluster)
		}
		if err != nil {
			said = answer{Error: err.Error()}
		}
		if err := out.Encode(said); err != nil {
			panic(err)
		}
	}
}
