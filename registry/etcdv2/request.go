package etcdv2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// MaxRequestLine is the length, line end included, below which a write goes into
// the request line as a whole. Etcd's listener looks at the first 4,096 bytes of a
// connection to tell HTTP from gRPC and drops a request whose line is longer.
const MaxRequestLine = 4000

const (
	keysPath = "/v2/keys"
	formType = "application/x-www-form-urlencoded"
)

// request is one call of the keys API before an endpoint is chosen.
type request struct {
	method string
	// key is absolute; "/" is the root directory.
	key   string
	query url.Values
	// value is what a write stores; only used when write is set.
	value string
	write bool
	// wait marks a long poll: it has the longer limit, and silence is an answer.
	wait bool
}

// build lays the request out for one endpoint.
func (q request) build(ctx context.Context, endpoint url.URL) (*http.Request, error) {
	if q.write {
		if inline := q.target(endpoint, true); lineLength(q.method, inline) < MaxRequestLine {
			return http.NewRequestWithContext(ctx, q.method, inline.String(), http.NoBody)
		}
	}
	var body io.Reader = http.NoBody
	if q.write {
		body = strings.NewReader(url.Values{"value": {q.value}}.Encode())
	}
	target := q.target(endpoint, false)
	if n := lineLength(q.method, target); n >= MaxRequestLine {
		return nil, fmt.Errorf("the key makes a request line of %d bytes: etcd takes less than %d", n, MaxRequestLine)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, target.String(), body)
	if err == nil && q.write {
		req.Header.Set("Content-Type", formType)
	}
	return req, err
}

func (q request) target(endpoint url.URL, withValue bool) *url.URL {
	query := maps.Clone(q.query)
	if withValue {
		query.Set("value", q.value)
	}
	endpoint.Path = strings.TrimSuffix(endpoint.Path, "/") + keysPath + q.key
	endpoint.RawPath = ""
	endpoint.RawQuery = query.Encode()
	return &endpoint
}

func lineLength(method string, target *url.URL) int {
	return len(method) + len(" ") + len(target.RequestURI()) + len(" HTTP/1.1\r\n")
}

func readRequest(key string) request {
	return request{method: http.MethodGet, key: key, query: url.Values{"quorum": {"true"}}}
}

func waitRequest(key string, after registry.Index) request {
	return request{method: http.MethodGet, key: key, wait: true, query: url.Values{
		"wait": {"true"}, "recursive": {"true"}, "waitIndex": {strconv.FormatUint(uint64(after)+1, 10)},
	}}
}

// writeRequest stores value under key if the precondition (a query parameter) holds.
func writeRequest(key, value string, ttl time.Duration, precondition, wanted string) (request, error) {
	query := url.Values{precondition: {wanted}}
	if err := addTTL(query, ttl); err != nil {
		return request{}, err
	}
	return request{method: http.MethodPut, key: key, query: query, value: value, write: true}, nil
}

func refreshRequest(key string, ttl time.Duration) (request, error) {
	query := url.Values{"refresh": {"true"}, "prevExist": {"true"}}
	if ttl == 0 {
		return request{}, errors.New("a renewal needs a TTL: give at least a second")
	}
	if err := addTTL(query, ttl); err != nil {
		return request{}, err
	}
	return request{method: http.MethodPut, key: key, query: query}, nil
}

// addTTL rounds up: etcd counts seconds, and a fraction cut off would become 0,
// which etcd takes for a key that is due at once.
func addTTL(query url.Values, ttl time.Duration) error {
	switch {
	case ttl < 0:
		return fmt.Errorf("TTL %v is negative", ttl)
	case ttl > 0:
		seconds := ttl / time.Second
		if ttl%time.Second > 0 {
			seconds++
		}
		query.Set("ttl", strconv.FormatInt(int64(seconds), 10))
	}
	return nil
}

// checkKey refuses what etcd would answer with a redirect to another key.
func checkKey(key string) error {
	if !strings.HasPrefix(key, "/") || key == "/" || path.Clean(key) != key {
		return fmt.Errorf("%q is not a key: write it like /services/api/api-1", key)
	}
	return nil
}

// directoryKey is the directory's own key: the name less its closing slash.
func directoryKey(directory string) (string, error) {
	if directory == "/" {
		return directory, nil
	}
	key, found := strings.CutSuffix(directory, "/")
	if !found || checkKey(key) != nil {
		return "", fmt.Errorf("%q is not a directory: write it like /services/api/", directory)
	}
	return key, nil
}

// checkPrevious guards against etcd's reading of index 0, which is "anything goes".
func checkPrevious(previous registry.Index) error {
	if previous == 0 {
		return errors.New("previous index 0 would match any write: read the key first")
	}
	return nil
}
