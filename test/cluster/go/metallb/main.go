// Command metallb-webhook serves MetalLB's own validating webhooks on 127.0.0.1. MetalLB's controller serves them on every
// interface, on a fixed port; here its validators, with its parser behind them, get a listener of this program's. They read
// what is stored by live LISTs, as they do in MetalLB. GET /configuration says what MetalLB's speakers make of everything
// that is stored: no webhook judges all kinds together, and one object that does not fit leaves them with the configuration
// they had. The module's path gives access to MetalLB's internal packages.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"

	"github.com/go-kit/log"
	"go.universe.tf/metallb/api/v1beta1"
	"go.universe.tf/metallb/api/v1beta2"
	"go.universe.tf/metallb/internal/config"
	"go.universe.tf/metallb/internal/k8s/webhooks/webhookv1beta1"
	"go.universe.tf/metallb/internal/k8s/webhooks/webhookv1beta2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

func main() {
	namespace := flag.String("namespace", "", "MetalLB's namespace")
	bgpType := flag.String("bgp-type", "frr", "what METALLB_BGP_TYPE says in an installation: frr, frr-k8s or native")
	port := flag.Int("port", 0, "port on 127.0.0.1")
	certDir := flag.String("cert-dir", "", "folder with tls.crt and tls.key")
	qps := flag.Float64("qps", -1, "calls a second to the API server, -1 for any number; MetalLB leaves it at controller-runtime's 20")
	// controller-runtime adds --kubeconfig
	flag.Parse()
	if err := serve(*namespace, *bgpType, float32(*qps), webhook.Options{Host: "127.0.0.1", Port: *port, CertDir: *certDir}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type validator interface {
	SetupWebhookWithManager(mgr ctrl.Manager) error
}

func serve(namespace, bgpType string, qps float32, options webhook.Options) error {
	ctrllog.SetLogger(zap.New())
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1beta1.AddToScheme, v1beta2.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	restConfig, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	// with 20 a second thousands of reviews would wait for nothing else
	restConfig.QPS = qps
	mgr, err := ctrl.NewManager(restConfig, ctrl.Options{
		Scheme:        scheme,
		WebhookServer: webhook.NewServer(options),
		Metrics:       metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	// as enableWebhook in MetalLB's internal/k8s/webhook.go
	webhookv1beta1.MetalLBNamespace, webhookv1beta2.MetalLBNamespace = namespace, namespace
	webhookv1beta1.Logger, webhookv1beta2.Logger = log.NewNopLogger(), log.NewNopLogger()
	webhookv1beta1.WebhookClient, webhookv1beta2.WebhookClient = mgr.GetAPIReader(), mgr.GetAPIReader()
	judge := config.NewValidator(config.ValidationFor(bgpType))
	webhookv1beta1.Validator, webhookv1beta2.Validator = judge, judge
	for _, v := range []validator{
		&webhookv1beta1.IPAddressPoolValidator{},
		&webhookv1beta1.L2AdvertisementValidator{},
		&webhookv1beta1.BGPAdvertisementValidator{},
		&webhookv1beta1.CommunityValidator{},
		&webhookv1beta1.BFDProfileValidator{},
		&webhookv1beta2.BGPPeerValidator{},
	} {
		if err := v.SetupWebhookWithManager(mgr); err != nil {
			return err
		}
	}
	mgr.GetWebhookServer().Register("/configuration", configuration{mgr.GetAPIReader(), namespace, config.ValidationFor(bgpType)})
	return mgr.Start(ctrl.SetupSignalHandler())
}

type configuration struct {
	reader    client.Reader
	namespace string
	validate  config.Validate
}

// ServeHTTP answers {"error": ""} when the speakers would take the configuration.
func (c configuration) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	resources, err := c.read(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"error": c.parse(resources)})
}

// parse answers "" when the speakers take the resources. Some make them panic.
func (c configuration) parse(resources config.ClusterResources) (message string) {
	defer func() {
		if cause := recover(); cause != nil {
			message = fmt.Sprintf("panic: %v", cause)
		}
	}()
	if _, err := config.For(resources, c.validate); err != nil {
		return err.Error()
	}
	return ""
}

// read lists what ConfigReconciler in MetalLB's internal/k8s/controllers does, but for Secrets and FRR's own text.
func (c configuration) read(ctx context.Context) (config.ClusterResources, error) {
	var pools v1beta1.IPAddressPoolList
	var peers v1beta2.BGPPeerList
	var profiles v1beta1.BFDProfileList
	var l2Advs v1beta1.L2AdvertisementList
	var bgpAdvs v1beta1.BGPAdvertisementList
	var communities v1beta1.CommunityList
	var nodes corev1.NodeList
	var namespaces corev1.NamespaceList
	for _, list := range []client.ObjectList{&pools, &peers, &profiles, &l2Advs, &bgpAdvs, &communities} {
		if err := c.reader.List(ctx, list, client.InNamespace(c.namespace)); err != nil {
			return config.ClusterResources{}, err
		}
	}
	for _, list := range []client.ObjectList{&nodes, &namespaces} {
		if err := c.reader.List(ctx, list); err != nil {
			return config.ClusterResources{}, err
		}
	}
	// nobody here writes the Secrets that passwords are in
	for i := range peers.Items {
		peers.Items[i].Spec.PasswordSecret = corev1.SecretReference{}
	}
	return config.ClusterResources{
		Pools: pools.Items, Peers: peers.Items, BFDProfiles: profiles.Items, L2Advs: l2Advs.Items, BGPAdvs: bgpAdvs.Items,
		Communities: communities.Items, Nodes: nodes.Items, Namespaces: namespaces.Items,
	}, nil
}
