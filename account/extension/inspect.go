package extension

import (
	"context"

	"github.com/pbxusers/pbxusers/asteriskconf"
)

// IssueTransport is the code of the issue that [PJSIPSource.Inspect] returns: pjsip.conf
// has no transport.
const IssueTransport = "transport"

var _ asteriskconf.Inspector = (*PJSIPSource)(nil)

// Inspect returns an issue if pjsip.conf has no transport, as in a new Asterisk: no device
// could register.
func (s *PJSIPSource) Inspect(_ context.Context, in *asteriskconf.Inspection) []asteriskconf.Issue {
	for _, section := range in.Tree.ResolvedSections() {
		if kind, _ := section.Value("type"); kind == "transport" {
			return nil
		}
	}
	return []asteriskconf.Issue{{
		Code: IssueTransport, File: "pjsip.conf",
		Message: "no device can register, because there is no transport; the fix adds one for UDP that listens on port 5060 of every address of this host",
		Fix:     &asteriskconf.Fix{InsertAfter: true, Text: "[transport-udp]\ntype = transport\nprotocol = udp\nbind = 0.0.0.0\n"},
	}}
}
