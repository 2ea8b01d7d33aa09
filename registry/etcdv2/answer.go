package etcdv2

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	client "go.etcd.io/etcd/client/v2"

	"github.com/firebreak-go/firebreak/registry"
)

// maxExcerpt bounds what an error quotes from an answer.
const maxExcerpt = 128

// answer is what the keys API says about one request.
type answer struct {
	Action string `json:"action"`
	Node   *node  `json:"node"`
	Prev   *node  `json:"prevNode"`
	// index and cluster come from the header lines.
	index   registry.Index
	cluster string
}

type node struct {
	Key           string `json:"key"`
	Dir           bool   `json:"dir"`
	Value         string `json:"value"`
	Nodes         []node `json:"nodes"`
	ModifiedIndex uint64 `json:"modifiedIndex"`
	TTL           int64  `json:"ttl"`
	Expiration    string `json:"expiration"`
}

// parseAnswer reads a whole answer. Etcd's own refusal is a client.Error, and only
// JSON with a code counts as one: a proxy's "404" says nothing about a key.
func parseAnswer(resp *http.Response, body []byte) (answer, error) {
	a := answer{cluster: resp.Header.Get("X-Etcd-Cluster-Id")}
	index, indexErr := strconv.ParseUint(resp.Header.Get("X-Etcd-Index"), 10, 64)
	a.index = registry.Index(index)
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		var refused client.Error
		if err := json.Unmarshal(body, &refused); err != nil || refused.Code == 0 || indexErr != nil {
			return a, notEtcd(resp, body)
		}
		return a, refused
	}
	if len(body) == 0 {
		return a, errors.New("answered with an empty page: etcd ended the wait or is stopping")
	}
	if err := json.Unmarshal(body, &a); err != nil || a.Action == "" || a.Node == nil || indexErr != nil {
		return a, notEtcd(resp, body)
	}
	return a, nil
}

func notEtcd(resp *http.Response, body []byte) error {
	return fmt.Errorf("answered %s with what etcd would not say (%q): is this an etcd with the v2 API on?", resp.Status, excerpt(body))
}

func excerpt(text []byte) []byte { return text[:min(len(text), maxExcerpt)] }

// entry is the node as the registry knows it.
func (n *node) entry() registry.Entry {
	ttl := time.Duration(n.TTL) * time.Second
	if ttl <= 0 && n.Expiration != "" {
		// Due, but not removed yet: it must not look like a key that never expires.
		ttl = time.Second
	}
	return registry.Entry{Key: n.Key, Value: n.Value, Index: registry.Index(n.ModifiedIndex), TTL: max(ttl, 0)}
}

// callError is the one line that a failed call becomes: what, where, why, and what to do.
type callError struct {
	op, name, endpoint string
	cause              error
}

func (e *callError) Error() string {
	return fmt.Sprintf("etcd v2: %s %s at %s: %v%s", e.op, e.name, e.endpoint, e.cause, advice(e.cause))
}

func (e *callError) Unwrap() error { return e.cause }

func advice(cause error) string {
	var dial *net.OpError
	var tooLarge *http.MaxBytesError
	var server *serverError
	switch {
	case errors.As(cause, &server):
		return ": etcd has no leader or no quorum, try again later"
	case errors.As(cause, &tooLarge):
		return fmt.Sprintf(": look at what is stored there, or raise the answer limit of %d bytes", tooLarge.Limit)
	case errors.As(cause, &dial) && dial.Op == "dial":
		return ": is etcd running there?"
	case errors.Is(cause, errNoAnswer):
		return ": is etcd running there, and has it a quorum?"
	}
	return ""
}
