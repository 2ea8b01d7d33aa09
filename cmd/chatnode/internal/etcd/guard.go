package etcd

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2error"
)

// MaxGuardedBody bounds the body of a write in mode guard.
const MaxGuardedBody = 1 << 20

const formType = "application/x-www-form-urlencoded"

// guard refuses a write that did not arrive whole or that would store nothing.
// The form it has parsed stays with the request, so that etcd decides on the very
// values that were checked.
func guard(etcd http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut || r.Method == http.MethodPost {
			if refused := check(r); refused != nil {
				_ = refused.WriteTo(w) // the client is gone: there is nobody to tell
				return
			}
		}
		etcd.ServeHTTP(w, r)
	})
}

func check(r *http.Request) *v2error.Error {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxGuardedBody+1))
	switch {
	case err != nil:
		return v2error.NewRequestError(v2error.EcodeInvalidForm, fmt.Sprintf("guard: incomplete body: %v", err))
	case len(body) > MaxGuardedBody:
		return v2error.NewRequestError(v2error.EcodeInvalidForm, fmt.Sprintf("guard: body over %d bytes", MaxGuardedBody))
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) > 0 && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", formType)
	}
	if err := r.ParseForm(); err != nil {
		return v2error.NewRequestError(v2error.EcodeInvalidForm, fmt.Sprintf("guard: %v", err))
	}
	if r.Form.Get("value") == "" && !isTrue(r.Form, "refresh") && !isTrue(r.Form, "dir") {
		return v2error.NewRequestError(v2error.EcodeInvalidField, "guard: value required")
	}
	return nil
}

// isTrue reads a flag as etcd does.
func isTrue(form url.Values, name string) bool {
	set, err := strconv.ParseBool(form.Get(name))
	return err == nil && set
}
