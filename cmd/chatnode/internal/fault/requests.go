package fault

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// forward carries requests from the client to the server until one of them ends,
// or until a PUT is cut: then only its headers were sent, muted is set, and it
// returns the PUT's path. Bytes go through as they came.
func (p *CuttingProxy) forward(client io.Reader, server io.Writer, muted *atomic.Bool) (path string, cut bool) {
	in := bufio.NewReaderSize(client, MaxHead)
	for {
		head, err := readHead(in)
		if err != nil {
			_, _ = server.Write(head)
			return "", false
		}
		req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
		if err != nil || req.ProtoMajor != 1 || req.Header.Get("Upgrade") != "" {
			// No HTTP/1 that could be cut: gRPC, for one.
			if _, err = server.Write(head); err == nil {
				_, _ = io.Copy(server, in)
			}
			return "", false
		}
		path = req.URL.Path[:min(len(req.URL.Path), maxPath)]
		cut = req.Method == http.MethodPut && p.armed.CompareAndSwap(true, false)
		if cut {
			muted.Store(true)
		}
		if _, err = server.Write(head); err != nil || cut {
			return path, cut
		}
		if err = copyBody(server, in, req); err != nil {
			return "", false
		}
		if req.Method == http.MethodPut {
			p.observe(ProxyEvent{Kind: ProxyPassed, At: time.Now(), Path: path})
		}
	}
}

// readHead reads up to and with the empty line. With an error it returns what it
// had read by then; a head that is too long is not an error, only not a head.
func readHead(in *bufio.Reader) (head []byte, err error) {
	for len(head) < MaxHead {
		line, err := in.ReadSlice('\n')
		head = append(head, line...)
		switch {
		case err == bufio.ErrBufferFull: //nolint:errorlint // bufio returns it as it is
			return head, nil
		case err != nil:
			return head, err
		case len(bytes.TrimRight(line, "\r\n")) == 0:
			return head, nil
		}
	}
	return head, nil
}

func copyBody(to io.Writer, in *bufio.Reader, req *http.Request) error {
	if len(req.TransferEncoding) > 0 {
		return copyChunks(to, in)
	}
	_, err := io.CopyN(to, in, max(req.ContentLength, 0))
	return err
}

// copyChunks carries a chunked body with its sizes and its trailer.
func copyChunks(to io.Writer, in *bufio.Reader) error {
	for {
		line, err := in.ReadSlice('\n')
		if _, failed := to.Write(line); failed != nil || err != nil {
			return cmp.Or(err, failed)
		}
		digits, _, _ := strings.Cut(string(line), ";")
		size, err := strconv.ParseInt(strings.TrimSpace(digits), 16, 32)
		if err != nil {
			return err
		}
		if size == 0 {
			trailer, err := readHead(in)
			_, failed := to.Write(trailer)
			return cmp.Or(err, failed)
		}
		if _, err := io.CopyN(to, in, size+int64(len("\r\n"))); err != nil {
			return err
		}
	}
}
