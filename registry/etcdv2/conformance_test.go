package etcdv2_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry/etcdv2"
	"github.com/firebreak-go/firebreak/registry/etcdv2/etcdtest"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// A Next that waits for a minute is seen to wake at once.
func TestConformsInBubble(t *testing.T) {
	registrytest.RunInBubble(t, func(t *testing.T) registrytest.Registry {
		t.Helper()
		server := etcdtest.New()
		return underTest(t, etcdv2.Config{Endpoints: []string{etcdtest.Endpoint}, Transport: server}, server)
	})
}

// Over a socket, with the registry's own transport.
func TestConformsOverHTTP(t *testing.T) {
	if testing.Short() {
		t.Skip("lets ten seconds pass")
	}
	registrytest.Run(t, func(t *testing.T) registrytest.Registry {
		t.Helper()
		server := httptest.NewServer(etcdtest.New())
		t.Cleanup(server.Close)
		return underTest(t, etcdv2.Config{Endpoints: []string{server.URL}, Wait: 300 * time.Millisecond}, http.DefaultTransport)
	})
}

func underTest(t *testing.T, cfg etcdv2.Config, hostile http.RoundTripper) registrytest.Registry {
	t.Helper()
	r, err := etcdv2.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return registrytest.Registry{
		Source: r, Writer: r, TextOnly: true, // etcd answers in JSON
		Put: func(ctx context.Context, key, raw string, ttl time.Duration) error {
			return put(ctx, hostile, cfg.Endpoints[0]+"/v2/keys"+key, raw, ttl)
		},
	}
}

// put stores a value as any other client of etcd's may.
func put(ctx context.Context, carrier http.RoundTripper, target, raw string, ttl time.Duration) error {
	form := url.Values{"value": {raw}}
	if ttl > 0 {
		form.Set("ttl", strconv.Itoa(int(ttl.Seconds())))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, target, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := carrier.RoundTrip(req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		err = fmt.Errorf("put of %s: status %s", target, resp.Status)
	}
	_ = resp.Body.Close()
	return err
}
