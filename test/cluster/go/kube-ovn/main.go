// Command ovn-schema prints the OVSDB schema that Kube-OVN was built against: "ovn-schema nb" the northbound
// database's, "ovn-schema sb" the southbound one's.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"github.com/kubeovn/kube-ovn/pkg/ovsdb/ovnnb"
	"github.com/kubeovn/kube-ovn/pkg/ovsdb/ovnsb"
)

func main() {
	schemas := map[string]func() ovsdb.DatabaseSchema{"nb": ovnnb.Schema, "sb": ovnsb.Schema}
	if len(os.Args) != 2 || schemas[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: ovn-schema nb|sb")
		os.Exit(2)
	}
	if err := json.NewEncoder(os.Stdout).Encode(schemas[os.Args[1]]()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
