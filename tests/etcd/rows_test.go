package etcd

// The pieces that the rows are made of.
const (
	value   = "NEW-RECORD"
	full    = "value=NEW-RECORD&ttl=60"
	partial = "value=NEW-"

	form      = "Content-Type: application/x-www-form-urlencoded"
	length    = "Content-Length: 23" // of full
	chunked   = "Transfer-Encoding: chunked"
	expect    = "Expect: 100-continue"
	multipart = "Content-Type: multipart/form-data; boundary=B"
	parts     = "--B\r\nContent-Disposition: form-data; name=\"value\"\r\n\r\nNEW-RECORD\r\n--B--\r\n"
	partsSize = "Content-Length: 72" // of parts
	curl      = "User-Agent: curl/7.88.1"
	next      = "GET /v2/keys HTTP/1.1\r\n" // as long as full
)

// ending is what the client does after its last byte.
type ending int

const (
	wait   ending = iota // for the answer
	fin                  // says that nothing follows, and waits for the answer
	closes               // closes at once, without an answer
	reset                // breaks the connection
)

// row is one request for a key that holds OLD for 60 s, and what must come of it.
//
// An outcome is etcd's status, what the key then holds, and for how long. Held is
// old (not touched), renewed (old, with a new TTL), empty, new, cut (the
// first bytes of the new value) or query (the value of the query).
type row struct {
	name     string
	line     string   // method, space, query; {index} is the index of OLD
	head     []string // header lines beside Host
	body     []string // one packet each
	end      ending
	plain    string
	incident string
	guard    string
}

// modes are what the embedded etcd can have in front of its v2 keys handler.
func modes() []string { return []string{"plain", "incident", "guard"} }

// outcomes are the row's, by mode.
func (r row) outcomes() map[string]string {
	return map[string]string{"plain": r.plain, "incident": r.incident, "guard": r.guard}
}

// answered says whether the client of the row stays to hear the answer.
func (r row) answered() bool { return r.end == wait || r.end == fin }

// What the rows have in common: a write that was refused, one that went through,
// the incident with and without its TTL, and a precondition that did not hold.
const (
	refused = "400 old 60"
	stored  = "200 new 60"
	wiped   = "200 empty none"
	expires = "200 empty 60"
	exists  = "412 old 60"
)

func rows() []row {
	return []row{
		{"0 whole form", "PUT ", h(form, length), b(full), wait, stored, stored, stored},
		{"0b whole form without type", "PUT ", h(length), b(full), wait, wiped, wiped, stored},
		{"a1 headers only, FIN", "PUT ", h(form, length), nil, fin, refused, wiped, refused},
		{"a2 headers only, close", "PUT ", h(form, length), nil, closes, refused, wiped, refused},
		{"b2 headers only, RST", "PUT ", h(form, length), nil, reset, refused, wiped, refused},
		{"c1 headers only without type, FIN", "PUT ", h(length), nil, fin, wiped, wiped, refused},
		{"c2 headers only without type, close", "PUT ", h(length), nil, closes, wiped, wiped, refused},
		{"c4 headers only without type, RST", "PUT ", h(length), nil, reset, wiped, wiped, refused},
		{"d1 part of the form, FIN", "PUT ", h(form, length), b(partial), fin, refused, wiped, refused},
		{"d2 part of the form, RST", "PUT ", h(form, length), b(partial), reset, refused, wiped, refused},
		{"d3 the value's name only, FIN", "PUT ", h(form, length), b("value="), fin, refused, wiped, refused},
		{"e1 part of the form without type, FIN", "PUT ", h(length), b(partial), fin, wiped, wiped, refused},
		{"e2 part of the form without type, RST", "PUT ", h(length), b(partial), reset, wiped, wiped, refused},
		{"f1 form in two packets", "PUT ", h(form, length), b(full[:9], full[9:]), wait, stored, stored, stored},
		{"f2 form in two packets without type", "PUT ", h(length), b(full[:9], full[9:]), wait, wiped, wiped, stored},

		{"g1 expecting 100, whole form", "PUT ", h(form, length, expect), b(full), wait, stored, stored, stored},
		{"g2 FIN after the 100", "PUT ", h(form, length, expect), nil, fin, refused, wiped, refused},
		{"g3 RST after the 100", "PUT ", h(form, length, expect), nil, reset, refused, wiped, refused},
		{"g4 expecting 100 without type", "PUT ", h(length, expect), b(full), wait, wiped, wiped, stored},
		{"g5 expecting 100 without type, FIN", "PUT ", h(length, expect), nil, fin, wiped, wiped, refused},

		{"h0 whole form in chunks", "PUT ", h(form, chunked), b("17\r\n" + full + "\r\n0\r\n\r\n"), wait, stored, stored, stored},
		{"h1 chunked, headers only, FIN", "PUT ", h(form, chunked), nil, fin, refused, wiped, refused},
		{"h2 inside a chunk, FIN", "PUT ", h(form, chunked), b("17\r\n" + partial), fin, refused, wiped, refused},
		{"h3 between chunks, FIN", "PUT ", h(form, chunked), b("a\r\n" + partial + "\r\n"), fin, refused, wiped, refused},
		{"h4 between chunks, RST", "PUT ", h(form, chunked), b("a\r\n" + partial + "\r\n"), reset, refused, wiped, refused},
		{"h5 closed properly, but short", "PUT ", h(form, chunked), b("a\r\n" + partial + "\r\n0\r\n\r\n"), wait, "200 cut none", "200 cut none", "200 cut none"},
		{"h6 closed properly, but empty", "PUT ", h(form, chunked), b("0\r\n\r\n"), wait, wiped, wiped, refused},
		{"h7 chunked without type, FIN", "PUT ", h(chunked), nil, fin, wiped, wiped, refused},

		{"i1 TTL in the query, FIN", "PUT ?ttl=60", h(form, length), nil, fin, refused, expires, refused},
		{"i2 TTL in the query, RST", "PUT ?ttl=60", h(form, length), nil, reset, refused, expires, refused},
		{"i3 TTL in the query without type, FIN", "PUT ?ttl=60", h(length), nil, fin, expires, expires, refused},
		{"i4 TTL in the query without type, RST", "PUT ?ttl=60", h(length), nil, reset, expires, expires, refused},
		{"i5 TTL in the query without type, whole", "PUT ?ttl=60", h(length), b(full), wait, expires, expires, stored},
		{"i6 TTL in the query, length 0", "PUT ?ttl=60", h(form, "Content-Length: 0"), nil, wait, expires, expires, refused},
		{"i7 value in the query without type, FIN", "PUT ?value=QS&ttl=60", h(length), nil, fin, "200 query 60", "200 query 60", refused},
		{"i8 value in the query, FIN", "PUT ?value=QS&ttl=60", h(form, length), nil, fin, refused, "200 query 60", refused},
		{"i9 renewal without type, FIN", "PUT ?ttl=60&refresh=true&prevExist=true", h(length), nil, fin, "200 renewed 60", "200 renewed 60", refused},
		{"i10 update without type, FIN", "PUT ?ttl=60&prevExist=true", h(length), nil, fin, expires, expires, refused},
		{"i11 renewal in the form", "PUT ", h(form, "Content-Length: 19"), b("refresh=true&ttl=60"), wait, "200 renewed 60", "200 renewed 60", "200 renewed 60"},
		{"i12 renewal of what exists in the form", "PUT ", h(form, "Content-Length: 34"), b("refresh=true&ttl=60&prevExist=true"), wait, "200 renewed 60", "200 renewed 60", "200 renewed 60"},
		{"i13 form without a value", "PUT ", h(form, "Content-Length: 6"), b("ttl=60"), wait, expires, expires, refused},
		{"j1 query only", "PUT ?value=QS&ttl=60", nil, nil, wait, "200 query 60", "200 query 60", "200 query 60"},
		{"j2 query only, FIN", "PUT ?value=QS&ttl=60", nil, nil, fin, "200 query 60", "200 query 60", "200 query 60"},
		{"j3 renewal by query only", "PUT ?ttl=60&refresh=true&prevExist=true", nil, nil, wait, "200 renewed 60", "200 renewed 60", "200 renewed 60"},
		{"j4 swap by index, FIN", "PUT ?prevIndex={index}", h(form, length), nil, fin, refused, wiped, refused},
		{"j5 swap by index without type, FIN", "PUT ?prevIndex={index}", h(length), nil, fin, wiped, wiped, refused},
		{"j6 create only, FIN", "PUT ?prevExist=false", h(form, length), nil, fin, refused, exists, refused},
		{"j7 create only without type, FIN", "PUT ?prevExist=false", h(length), nil, fin, exists, exists, refused},

		{"k1 plain text, FIN", "PUT ", h("Content-Type: text/plain", length), nil, fin, wiped, wiped, refused},
		{"k2 said to be JSON, whole", "PUT ", h("Content-Type: application/json", length), b(full), wait, wiped, wiped, refused},
		{"k3 form with charset, FIN", "PUT ", h(form+"; charset=utf-8", length), nil, fin, refused, wiped, refused},
		{"k4 malformed type, FIN", "PUT ", h(form+"; ;x", length), nil, fin, refused, wiped, refused},
		{"k5 type in capitals, whole", "PUT ", h("Content-Type: APPLICATION/X-WWW-FORM-URLENCODED", length), b(full), wait, stored, stored, stored},
		{"k6 multipart, whole", "PUT ", h(multipart, partsSize), b(parts), wait, wiped, "200 new none", refused},
		{"k7 multipart, FIN", "PUT ", h(multipart, partsSize), nil, fin, wiped, wiped, refused},
		{"k8 part of a multipart, FIN", "PUT ", h(multipart, partsSize), b(parts[:60]), fin, wiped, wiped, refused},
		{"k9 two types, whole", "PUT ", h("Content-Type: text/plain", form, length), b(full), wait, wiped, wiped, refused},

		{"l1 no length", "PUT ", h(form), b(full), wait, wiped, wiped, refused},
		{"l2 no length, RST", "PUT ", h(form), nil, reset, wiped, wiped, refused},
		{"l3 HTTP/1.0, FIN", "PUT/1.0 ", h(form, length), nil, fin, refused, wiped, refused},
		{"l4 length too small", "PUT ", h(form, "Content-Length: 10"), b(full), wait, "200 cut none", "200 cut none", "200 cut none"},
		{"l5 length too big, FIN", "PUT ", h(form, "Content-Length: 123"), b(full), fin, refused, wiped, refused},
		{"l6 length too big without type, FIN", "PUT ", h("Content-Length: 123"), b(full), fin, wiped, wiped, refused},
		{"l7 the next request taken for the form", "PUT ", h(form, length), b(next, "Host: etcd\r\n\r\n"), wait, wiped, wiped, refused},
		{"m1 POST below a key without type, FIN", "POST ", h(length), nil, fin, refused, refused, refused},
		{"m2 POST below a key", "POST ", h(form, length), b(full), wait, refused, refused, refused},
		{"p1 headers of curl -X PUT -d, whole", "PUT ", h(curl, "Accept: */*", length, form), b(full), wait, stored, stored, stored},
		{"p2 headers of curl -X PUT -d, FIN", "PUT ", h(curl, "Accept: */*", length, form), nil, fin, refused, wiped, refused},
	}
}

func h(lines ...string) []string   { return lines }
func b(packets ...string) []string { return packets }
