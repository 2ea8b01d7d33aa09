package cluster

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/fault"
	"github.com/firebreak-go/firebreak/registry"
)

// inject writes a bad record past every announcer.
func inject(ctx context.Context, a *act, args arguments) (string, error) {
	key, id, err := keyOf(args["key"])
	if err != nil {
		return "", err
	}
	class := args["class"]
	if class == "torn" {
		status, err := fault.TearPut(ctx, a.layout.etcd.listen, key)
		if err != nil {
			return "", fmt.Errorf("the torn write of %s was not answered: %w", id, err)
		}
		return fmt.Sprintf("tore a write of %s (etcd answered %d)", id, status), nil
	}
	value, err := fault.BadValue(class).For(apiService, id)
	if err != nil {
		return "", err
	}
	form := url.Values{"value": {value}}
	if err := a.etcdKeys(ctx, http.MethodPut, key, form); err != nil {
		return "", err
	}
	return fmt.Sprintf("wrote a bad record for %s (%s)", id, class), nil
}

// keyOf is the whole key, and the last part of it, of a record named by either.
func keyOf(name string) (key, id string, err error) {
	id = name[strings.LastIndexByte(name, '/')+1:]
	key, err = registry.Key(registry.DefaultPrefix, apiService, id)
	if err != nil {
		return "", "", badCommand("key %.64q: %v", name, err)
	}
	return key, id, nil
}

// heal removes a record; its announcer, if it has one, writes it again.
func heal(ctx context.Context, a *act, args arguments) (string, error) {
	key, id, err := keyOf(args["key"])
	if err != nil {
		return "", err
	}
	return "removed the record of " + id, a.etcdKeys(ctx, http.MethodDelete, key, nil)
}

// tear arms the proxy in front of the node that joined.
func tear(_ context.Context, a *act, _ arguments) (string, error) {
	if a.proxy == nil {
		return "", fmt.Errorf("there is no proxy yet")
	}
	a.proxy.CutNext()
	return fmt.Sprintf("the next announcement of %s will be cut", a.layout.joiner.name), nil
}

// wipe deletes the directory, as a mistaken operator would.
func wipe(ctx context.Context, a *act, _ arguments) (string, error) {
	directory, err := registry.Directory(registry.DefaultPrefix, apiService)
	if err != nil {
		return "", err
	}
	err = a.etcdKeys(ctx, http.MethodDelete, strings.TrimSuffix(directory, "/")+"?recursive=true", nil)
	return "deleted the whole directory of API nodes", err
}

const (
	// stormWrites are more than etcd's history remembers.
	stormWrites  = 1100
	stormWriters = 8
	stormKey     = "/firebreak-storm"
)

// storm uses etcd's history up with writes elsewhere, and ends every connection of
// the chat nodes: each watch begins again, finds its index cleared (401), and lists.
func storm(ctx context.Context, a *act, _ arguments) (string, error) {
	var severed []*fault.Link
	for _, link := range a.links {
		if !link.IsCut() { // who is cut off stays so
			link.Cut()
			severed = append(severed, link)
		}
	}
	defer func() {
		for _, link := range severed {
			link.Heal()
		}
	}()
	var wait sync.WaitGroup
	failures := make(chan error, stormWriters)
	for w := range stormWriters {
		wait.Go(func() {
			for i := w; i < stormWrites; i += stormWriters {
				if err := a.etcdKeys(ctx, http.MethodPut, stormKey, url.Values{"value": {strconv.Itoa(i)}}); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	wait.Wait()
	select {
	case err := <-failures:
		return "", err
	default:
	}
	return fmt.Sprintf("cut %d watches off while %d other writes used etcd's history up", len(severed), stormWrites), nil
}

// etcdKeys makes one call of etcd's v2 keys API.
func (a *act) etcdKeys(ctx context.Context, method, key string, form url.Values) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, a.maker.etcdURL()+"/v2/keys"+key, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("etcd does not answer: %w", err)
	}
	defer reply.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(reply.Body, 256)) // for the message only
	if reply.StatusCode/100 != 2 {
		return fmt.Errorf("etcd answered %s: %.128q", reply.Status, body)
	}
	return nil
}
