package cli

import (
	"net"
	"net/url"
)

// adminMeta is the member of a record's meta that holds the URL of the instance's
// admin listener, for whoever watches the cluster.
const adminMeta = "admin"

// announced is what a record says about the admin listener: nothing when it is on
// loopback and the instance is not, because then nobody else can reach it.
func (a *admin) announced(host string) map[string]string {
	u, err := url.Parse(a.url())
	if err != nil {
		return nil
	}
	ip := net.ParseIP(u.Hostname())
	switch {
	case ip != nil && ip.IsUnspecified():
		u.Host = net.JoinHostPort(host, u.Port())
	case ip != nil && ip.IsLoopback() && !loopback(host):
		return nil
	}
	return map[string]string{adminMeta: u.String()}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
