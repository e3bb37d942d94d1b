package ldapdir_test

import (
	"errors"
	"net"
	"sync"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

// fakeServer is a server with the responses of a test, on a loopback address.
type fakeServer struct {
	answer func(c *client, op ber.Tag)

	listener net.Listener
	mu       sync.Mutex
	received []ber.Tag
	conns    []net.Conn
	clients  sync.WaitGroup
}

// client is a connection to it, with the current request.
type client struct {
	net.Conn

	id      int64
	request *ber.Packet
}

// newFakeServer starts a server that ends with the test.
func newFakeServer(t *testing.T, answer func(c *client, op ber.Tag)) *fakeServer {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f := &fakeServer{answer: answer, listener: listener}
	f.clients.Go(f.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		f.mu.Lock()
		for _, conn := range f.conns {
			_ = conn.Close()
		}
		f.mu.Unlock()
		f.clients.Wait()
	})
	return f
}

func (f *fakeServer) url() string { return "ldap://" + f.listener.Addr().String() }

func (f *fakeServer) serve() {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.conns = append(f.conns, conn)
		f.mu.Unlock()
		f.clients.Go(func() { f.handle(conn) })
	}
}

// handle responds until the connection ends.
func (f *fakeServer) handle(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		packet, err := ber.ReadPacket(conn)
		if err != nil {
			return
		}
		id, ok := packet.Children[0].Value.(int64)
		if !ok {
			return
		}
		request := packet.Children[1]
		f.mu.Lock()
		f.received = append(f.received, request.Tag)
		f.mu.Unlock()
		f.answer(&client{conn, id, request}, request.Tag)
	}
}

// requests returns the requests so far.
func (f *fakeServer) requests() []ber.Tag {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]ber.Tag{}, f.received...)
}

// send sends a response, with controls.
func (c *client) send(op *ber.Packet, controls ...ldap.Control) {
	envelope := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	envelope.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, c.id, ""))
	envelope.AppendChild(op)
	if len(controls) > 0 {
		list := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
		for _, control := range controls {
			list.AppendChild(control.Encode())
		}
		envelope.AppendChild(list)
	}
	_, _ = c.Write(envelope.Bytes()) // the client may have disconnected
}

// result responds with a code and a text that no error may repeat.
func (c *client) result(op ber.Tag, code uint16, controls ...ldap.Control) {
	packet := ber.Encode(ber.ClassApplication, ber.TypeConstructed, op, nil, "")
	packet.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(code), ""))
	packet.AppendChild(octetString(""))
	packet.AppendChild(octetString(secretMarker))
	c.send(packet, controls...)
}

// bindSuccess and done respond to a bind and a search with success.
func (c *client) bindSuccess() { c.result(ldap.ApplicationBindResponse, 0) }

func (c *client) searchDone(cookie string) {
	paging := ldap.NewControlPaging(0)
	paging.SetCookie([]byte(cookie))
	c.result(ldap.ApplicationSearchResultDone, 0, paging)
}

// entry sends an entry.
func (c *client) entry(dn string, attributes map[string][]string) {
	packet := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultEntry, nil, "")
	packet.AppendChild(octetString(dn))
	list := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	for name, values := range attributes {
		attribute := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
		attribute.AppendChild(octetString(name))
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, value := range values {
			set.AppendChild(octetString(value))
		}
		attribute.AppendChild(set)
		list.AppendChild(attribute)
	}
	packet.AppendChild(list)
	c.send(packet)
}

func octetString(value string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, value, "")
}

// secretMarker is in text that no error may repeat.
const secretMarker = "marker-4711"

// serveEntries responds to binds, and to each search with these entries in one
// page.
func serveEntries(entries ...map[string][]string) func(c *client, op ber.Tag) {
	return func(c *client, op ber.Tag) {
		if op == ldap.ApplicationBindRequest {
			c.bindSuccess()
			return
		}
		for _, attributes := range entries {
			c.entry(attributes["dn"][0], attributes)
		}
		c.searchDone("")
	}
}

// userEntry is the entry of a user.
func userEntry(id, uid string) map[string][]string {
	return map[string][]string{"dn": {"uid=" + uid + ",ou=people,dc=example,dc=com"}, "entryUUID": {id}, "uid": {uid}}
}

// options reads anonymously from the server.
func (f *fakeServer) options() ldapdir.Options {
	return ldapdir.Options{Name: "fake", URLs: []string{f.url()}, BaseDN: "ou=people,dc=example,dc=com"}
}

// directory returns a directory with the options of a test.
func (f *fakeServer) directory(t *testing.T, opts ...func(*ldapdir.Options)) *ldapdir.Directory {
	t.Helper()
	o := f.options()
	for _, change := range opts {
		change(&o)
	}
	d, err := ldapdir.New(o)
	require.NoError(t, err)
	return d
}

func withReader(o *ldapdir.Options) {
	o.BindDN, o.BindPassword = "cn=reader,dc=example,dc=com", store.NewSecret("secret of the reader")
}

// readAll returns all entries of the directory.
func readAll(t *testing.T, d *ldapdir.Directory) ([]userman.DirectoryEntry, error) {
	t.Helper()
	var all []userman.DirectoryEntry
	err := d.Each(t.Context(), func(e userman.DirectoryEntry) error {
		all = append(all, e)
		return nil
	})
	return all, err
}

var errStop = errors.New("enough")
