// Command typecheck-policies checks the types in the expressions of ValidatingAdmissionPolicies against the schemas of the
// API server of a kubeconfig. kube-controller-manager does so and writes what it finds into status.typeChecking; the clusters
// here have none, so this asks its checker (cmd/kube-controller-manager/app/validatingadmissionpolicystatus.go of Kubernetes).
// It reads a list of policies as JSON from standard input and prints one line for each warning.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/cel/openapi/resolver"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kubernetes/pkg/generated/openapi"
)

func main() {
	if err := check(os.Getenv("KUBECONFIG")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func check(kubeconfig string) error {
	var list admissionregistrationv1.ValidatingAdmissionPolicyList
	if err := json.NewDecoder(os.Stdin).Decode(&list); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	groups, err := restmapper.GetAPIGroupResources(client)
	if err != nil {
		return err
	}
	schemas := resolver.NewDefinitionsSchemaResolver(openapi.GetOpenAPIDefinitions, scheme.Scheme)
	checker := validating.TypeChecker{
		SchemaResolver: schemas.Combine(&resolver.ClientDiscoveryResolver{Discovery: client}),
		RestMapper:     restmapper.NewDiscoveryRESTMapper(groups),
	}
	for i := range list.Items {
		checkPolicy(&checker, &list.Items[i])
	}
	fmt.Fprintf(os.Stderr, "%d policies checked\n", len(list.Items))
	return nil
}

// checkPolicy checks what kube-controller-manager does, the validations, and the variables and match conditions as well, of
// which it says nothing. It knows no types of subresources; those of Services have the Service's.
func checkPolicy(checker *validating.TypeChecker, policy *admissionregistrationv1.ValidatingAdmissionPolicy) {
	for _, rule := range policy.Spec.MatchConstraints.ResourceRules {
		for i, resource := range rule.Resources {
			rule.Resources[i] = strings.TrimSuffix(resource, "/status")
		}
	}
	for _, warning := range checker.Check(policy) {
		fmt.Printf("%s %s: %s\n", policy.Name, warning.FieldRef, warning.Warning)
	}
	context := checker.CreateContext(policy)
	report := func(name, expression string) {
		if results := checker.CheckExpression(context, expression); len(results) != 0 {
			fmt.Printf("%s %s: %s\n", policy.Name, name, results.String())
		}
	}
	for _, variable := range policy.Spec.Variables {
		report(variable.Name, variable.Expression)
	}
	for _, condition := range policy.Spec.MatchConditions {
		report(condition.Name, condition.Expression)
	}
}
