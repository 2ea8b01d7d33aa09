package etcdv2_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

func Example() {
	// Stands for an etcd that holds one record.
	etcd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Etcd-Index", "12")
		_, _ = fmt.Fprint(w, `{"action":"get","node":{"key":"/services/api","dir":true,"nodes":[
			{"key":"/services/api/api-1","value":"{}","modifiedIndex":9,"ttl":55}]}}`)
	}))
	defer etcd.Close()

	r, err := etcdv2.New(etcdv2.Config{Endpoints: []string{etcd.URL}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	listing, err := r.List(context.Background(), "/services/api/")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, entry := range listing.Entries {
		fmt.Println(entry.Key, entry.Value, "at", entry.Index, "for", entry.TTL)
	}
	fmt.Println("watch after", listing.Index)
	// Output:
	// /services/api/api-1 {} at 9 for 55s
	// watch after 12
}
