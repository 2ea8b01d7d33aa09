package etcdtest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/registry/etcdv2"
	"github.com/firebreak-go/firebreak/registry/etcdv2/etcdtest"
)

func Example() {
	r, err := etcdv2.New(etcdv2.Config{Endpoints: []string{etcdtest.Endpoint}, Transport: etcdtest.New()})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	e, err := r.Create(ctx, "/services/api/api-1", "{}", time.Minute)
	fmt.Println(e.Key, e.TTL, err)
	_, err = r.Create(ctx, "/services/api/api-1", "{}", time.Minute)
	fmt.Println(err)
	// Output:
	// /services/api/api-1 1m0s <nil>
	// etcd v2: create /services/api/api-1 at http://etcd.test:2379: registry: key exists
}
