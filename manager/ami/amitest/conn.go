package amitest

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pbxusers/pbxusers/manager/ami"
)

// Request is one action from a client.
type Request struct {
	ami.Message
}

// Conn is one connection of a client.
type Conn struct {
	server *Server
	raw    net.Conn

	writeMu sync.Mutex

	mu        sync.Mutex
	account   Account
	events    string
	challenge string
	closed    bool
}

// Account returns the account of the login, or the zero Account before it.
func (c *Conn) Account() Account {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.account
}

// RemoteAddr returns the client's address.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// Write sends text unchanged, such as half a message or nonsense. It ignores
// errors: they mean that the client has gone.
func (c *Conn) Write(text string) {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	_, _ = c.raw.Write([]byte(text))
}

// Send sends one whole message.
func (c *Conn) Send(headers ...ami.Header) {
	var text strings.Builder
	for _, h := range headers {
		text.WriteString(h.Name + ": " + h.Value + "\r\n")
	}
	c.Write(text.String() + "\r\n")
}

// Respond answers r with the header Response, the ActionID of the request if it
// has one, and headers.
func (c *Conn) Respond(r *Request, response string, headers ...ami.Header) {
	c.Send(append(r.commonHeaders("Response", response), headers...)...)
}

// Succeed answers r with success.
func (c *Conn) Succeed(r *Request, headers ...ami.Header) { c.Respond(r, "Success", headers...) }

// Fail answers r with an error message.
func (c *Conn) Fail(r *Request, message string) {
	c.Respond(r, "Error", ami.Header{Name: "Message", Value: message})
}

// List answers r with a list. Its entries are events with a name, and the event
// that completes it has the same name with "Complete" added.
func (c *Conn) List(r *Request, event string, entries ...[]ami.Header) {
	c.Succeed(r, ami.Header{Name: "EventList", Value: "start"}, ami.Header{Name: "Message", Value: "A listing will follow"})
	for _, entry := range entries {
		c.Entry(r, event, entry...)
	}
	c.Entry(r, event+"Complete", ami.Header{Name: "EventList", Value: "Complete"},
		ami.Header{Name: "ListItems", Value: strconv.Itoa(len(entries))})
}

// Entry sends one event that belongs to the answer to r.
func (c *Conn) Entry(r *Request, event string, headers ...ami.Header) {
	c.Send(append(r.commonHeaders("Event", event), headers...)...)
}

// Close closes the connection. As in Asterisk, the login ends before the client
// can notice.
func (c *Conn) Close() {
	c.mu.Lock()
	c.closed, c.account = true, Account{}
	c.mu.Unlock()
	_ = c.raw.Close()
}

// commonHeaders returns the first headers of an answer to the request.
func (r *Request) commonHeaders(name, value string) []ami.Header {
	headers := []ami.Header{{Name: name, Value: value}}
	if id, ok := r.Lookup("ActionID"); ok {
		headers = append(headers, ami.Header{Name: "ActionID", Value: id})
	}
	return headers
}

func (c *Conn) serve() {
	defer c.server.removeConn(c)
	defer c.Close()
	c.Write(c.server.opts.Banner + "\r\n")
	reader := ami.NewReader(c.raw, 1<<20)
	for {
		m, err := reader.Next()
		if err != nil || c.isClosed() {
			return
		}
		c.handle(&Request{Message: m})
		if c.isClosed() {
			return
		}
	}
}

// handle makes the checks that Asterisk makes before it runs an action
// (process_message in main/manager.c).
func (c *Conn) handle(r *Request) {
	name := r.Get("Action")
	account := c.Account()
	if account.Name == "" && !slices.Contains([]string{"login", "challenge", "logoff"}, fold(name)) {
		c.Fail(r, "Permission denied")
		return
	}
	a, known := c.server.action(name)
	switch {
	case !known:
		c.Fail(r, "Invalid/unknown command: "+name+". Use Action: ListCommands to show available commands.")
	case !account.hasClass(a.classes):
		c.Fail(r, "Permission denied")
	default:
		a.handle(c, r)
	}
}

// hasClass reports whether the account has one of the classes.
func (a Account) hasClass(classes []string) bool {
	return len(classes) == 0 || a.Write == nil ||
		slices.ContainsFunc(classes, func(class string) bool { return slices.Contains(a.Write, class) })
}

func (c *Conn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

func (c *Conn) wantsEvents() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.account.Name != "" && fold(c.events) != "off"
}

func fold(name string) string { return strings.ToLower(name) }
