// A controller's manager with leader election, through the kubeconfig in KUBECONFIG and with controller-runtime's own
// times (a lease of 15 s that has to be renewed within 10 s). Its namespace is the argument. Writes "leading" once it
// is the leader, and ends with controller-runtime's error when it is no longer, or with its standard input.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func run(namespace string) error {
	ctrl.SetLogger(logr.Discard())
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	manager, err := ctrl.NewManager(config, ctrl.Options{
		LeaderElection:          true,
		LeaderElectionID:        "controller",
		LeaderElectionNamespace: namespace,
		Metrics:                 server.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	working, end := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		end()
	}()
	go func() {
		<-manager.Elected()
		fmt.Println("leading")
	}()
	return manager.Start(working)
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
