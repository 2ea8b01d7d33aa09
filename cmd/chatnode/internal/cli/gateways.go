package cli

import (
	"sync/atomic"

	"github.com/firebreak-go/firebreak/registry"
)

// gatewayMeta is what a chat node's record calls the URL of its gateway.
const gatewayMeta = "gateway"

// gatewayList is where REST sends clients: the chat nodes that the directory lists
// as up, or else those of a flag.
type gatewayList struct {
	directory func() *registry.Snapshot // the newest, the same pointer while nothing changed
	flag      []string

	read atomic.Pointer[gatewaysRead]
}

// gatewaysRead is what one snapshot said.
type gatewaysRead struct {
	of   *registry.Snapshot
	urls []string
}

// urls returns them in the directory's order. Nobody writes to them.
func (l *gatewayList) urls() []string {
	newest := l.directory()
	read := l.read.Load()
	if read == nil || read.of != newest {
		read = &gatewaysRead{of: newest, urls: listedGateways(newest)}
		l.read.Store(read)
	}
	if len(read.urls) == 0 {
		return l.flag
	}
	return read.urls
}

// listedGateways reads the records that name a gateway. One that names something
// else gets no clients: a record is somebody else's word.
func listedGateways(s *registry.Snapshot) (urls []string) {
	if s == nil {
		return nil
	}
	for in := range s.Instances() {
		var url gatewayURL
		if text := in.Meta[gatewayMeta]; text != "" && url.UnmarshalText([]byte(text)) == nil {
			urls = append(urls, string(url))
		}
	}
	return urls
}
