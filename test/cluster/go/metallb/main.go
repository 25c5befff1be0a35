// Command metallb-webhook serves MetalLB's own validating webhooks on 127.0.0.1. MetalLB's controller serves them on every
// interface, on a fixed port; here its validators, with its parser behind them, get a listener of this program's. They read
// what is stored by live LISTs, as they do in MetalLB. The module's path gives access to MetalLB's internal packages.
package main

import (
	"flag"
	"fmt"
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
	// controller-runtime adds --kubeconfig
	flag.Parse()
	if err := serve(*namespace, *bgpType, webhook.Options{Host: "127.0.0.1", Port: *port, CertDir: *certDir}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type validator interface {
	SetupWebhookWithManager(mgr ctrl.Manager) error
}

func serve(namespace, bgpType string, options webhook.Options) error {
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
	// the default, 20 a second, would be all that thousands of reviews wait for
	restConfig.QPS = -1
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
	return mgr.Start(ctrl.SetupSignalHandler())
}
