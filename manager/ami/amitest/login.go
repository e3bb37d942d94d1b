package amitest

import (
	"crypto/md5" //nolint:gosec // the protocol has no other digest
	"encoding/hex"
	"slices"

	"github.com/pbxusers/pbxusers/manager/ami"
)

func challenge(c *Conn, r *Request) {
	if fold(r.Get("AuthType")) != "md5" {
		c.Fail(r, "Must specify AuthType")
		return
	}
	if c.rejectIfInUse(r) {
		return
	}
	const number = "840415273"
	c.mu.Lock()
	c.challenge = number
	c.mu.Unlock()
	c.Succeed(r, ami.Header{Name: "Challenge", Value: number})
}

// login implements authenticate of main/manager.c, without the delay of one
// second before Asterisk denies a login.
func login(c *Conn, r *Request) {
	if c.rejectIfInUse(r) {
		return
	}
	account, known := c.server.account(r.Get("Username"))
	if !known || account.Denied || !c.checkSecret(account, r) {
		c.Fail(r, "Authentication failed")
		c.Close()
		return
	}
	c.Authenticate(account, r)
	c.Succeed(r, ami.Header{Name: "Message", Value: "Authentication accepted"})
	if c.wantsEvents() {
		c.Send(ami.Header{Name: "Event", Value: "FullyBooted"}, ami.Header{Name: "Privilege", Value: "system,all"},
			ami.Header{Name: "Status", Value: "Fully Booted"})
	}
}

// Authenticate logs the connection in as account, with the events that the
// login r requests. Custom handlers of Login call it and then send any answer.
func (c *Conn) Authenticate(account Account, r *Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account, c.events = account, r.Get("Events")
}

func (c *Conn) checkSecret(account Account, r *Request) bool {
	if fold(r.Get("AuthType")) != "md5" {
		return r.Get("Secret") == account.Secret
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := md5.Sum([]byte(c.challenge + account.Secret)) //nolint:gosec // see the import
	return c.challenge != "" && r.Get("Key") == hex.EncodeToString(sum[:])
}

// rejectIfInUse rejects a second login of an account that allows only one.
func (c *Conn) rejectIfInUse(r *Request) bool {
	account, known := c.server.account(r.Get("Username"))
	if !known || !account.OneSession || !slices.Contains(c.server.Sessions(), account.Name) {
		return false
	}
	c.Fail(r, "Login Already In Use")
	c.Close()
	return true
}

func logoff(c *Conn, r *Request) {
	c.Respond(r, "Goodbye", ami.Header{Name: "Message", Value: "Thanks for all the fish."})
	c.Close()
}
