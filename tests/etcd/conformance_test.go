package etcd

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry/etcdv2"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// externalEndpoint names an etcd that is there already, like http://127.0.0.1:2379.
const externalEndpoint = "FIREBREAK_ETCD"

// All cases share a process, each with a directory of its own. Mode guard is left
// out: that it refuses the empty values which the suite stores is its purpose.
func TestEmbeddedConforms(t *testing.T) {
	s := start(t, "plain")
	go s.forget(t.Context())
	registrytest.Run(t, func(t *testing.T) registrytest.Registry {
		t.Helper()
		return underTest(t, s.url())
	})
}

func TestExternalConforms(t *testing.T) {
	endpoint := external(t).url()
	registrytest.Run(t, func(t *testing.T) registrytest.Registry {
		t.Helper()
		r := underTest(t, endpoint)
		t.Cleanup(func() { removeAll(t, endpoint, strings.TrimSuffix(r.Directory, "/")) })
		return r
	})
}

// external is the etcd that externalEndpoint names.
func external(t *testing.T) *server {
	t.Helper()
	endpoint := strings.TrimSuffix(os.Getenv(externalEndpoint), "/")
	if endpoint == "" {
		t.Skip(externalEndpoint + " names no etcd with the v2 API on")
	}
	return &server{addr: strings.TrimPrefix(endpoint, "http://")}
}

// forget drops what the log says of writes, which nobody asks for here.
func (s *server) forget(ctx context.Context) {
	for {
		select {
		case <-s.writes:
		case <-ctx.Done():
			return
		}
	}
}

// underTest writes without preconditions at the first endpoint.
func underTest(t *testing.T, endpoints ...string) registrytest.Registry {
	t.Helper()
	r, err := etcdv2.New(etcdv2.Config{Endpoints: endpoints, Wait: 300 * time.Millisecond, Timeout: limit})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return registrytest.Registry{
		Source: r, Writer: r, TextOnly: true, // etcd answers in JSON
		Directory: "/registrytest/" + rand.Text() + "/",
		Put: func(ctx context.Context, key, raw string, ttl time.Duration) error {
			form := url.Values{"value": {raw}}
			if ttl > 0 {
				form.Set("ttl", strconv.Itoa(int(ttl.Seconds())))
			}
			return send(ctx, http.MethodPut, endpoints[0]+"/v2/keys"+key, form)
		},
	}
}

// removeAll leaves an etcd that is somebody else's as it was. A case that wrote
// nothing has no directory.
func removeAll(t *testing.T, endpoint, directory string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for _, key := range []string{directory, directory + "2"} {
		if err := send(ctx, http.MethodDelete, endpoint+"/v2/keys"+key+"?recursive=true", nil); err != nil {
			t.Logf("clean-up: %v", err)
		}
	}
}

// send is one request of any client of etcd's.
func send(ctx context.Context, method, target string, form url.Values) error {
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	nothingThere := method == http.MethodDelete && resp.StatusCode == http.StatusNotFound
	if resp.StatusCode >= http.StatusBadRequest && !nothingThere {
		return fmt.Errorf("%s of %s: status %s", method, target, resp.Status)
	}
	return nil
}
