package phone_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/internal/testservers/phone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pjsip has two endpoints. Their names and secrets are alike.
const pjsip = `[transport-udp]
type = transport
protocol = udp
bind = 127.0.0.1:{{port}}

[phone](!)
type = endpoint
context = phones
disallow = all
allow = ulaw
direct_media = no

[secret](!)
type = auth
auth_type = userpass

[place](!)
type = aor
max_contacts = 1
remove_existing = yes

[6001](phone)
auth = 6001
aors = 6001
callerid = "Älice 王" <6001>
[6001](secret)
username = 6001
password = secret of 6001
[6001](place)

[6002](phone)
auth = 6002
aors = 6002
[6002](secret)
username = 6002
password = secret of 6002
[6002](place)
`

const dialplan = `[phones]
exten = _600X,1,Dial(${PJSIP_DIAL_CONTACTS(${EXTEN})},2)
exten = _600X,2,Hangup(${IF($["${DIALSTATUS}" = "BUSY"]?17:20)})
exten = echo,1,Answer()
exten = echo,2,Echo()
`

func startPBX(t *testing.T) *testservers.Asterisk {
	t.Helper()
	return testservers.StartAsterisk(t, &testservers.AsteriskOptions{
		Files:   map[string]string{"pjsip.conf": pjsip, "extensions.conf": dialplan},
		Modules: testservers.PhoneModules(),
	})
}

func start(t *testing.T, server, number string) *phone.Phone {
	t.Helper()
	return phone.Start(t, &phone.Options{Server: server, Username: number, Password: "secret of " + number})
}

func TestPhone_callsAndHearsTones(t *testing.T) {
	t.Parallel()
	pbx := startPBX(t)
	alice, bob := start(t, pbx.AMIAddr, "6001"), start(t, pbx.AMIAddr, "6002")
	alice.Register(t)
	bob.Register(t)
	out := alice.Dial(t, "6002")
	in := bob.Incoming(t)
	name, number := in.Caller()
	require.Equal(t, "Älice 王", name)
	require.Equal(t, "6001", number)
	in.Answer(t)
	out.WaitAnswer(t)
	out.PlayTone(t, 440)
	in.PlayTone(t, 1000)
	in.RequireTone(t, 440)
	out.RequireTone(t, 1000)
	in.HangUp(t)
	out.WaitEnd(t)
}

func TestPhone_Dial_reportsRefusal(t *testing.T) {
	t.Parallel()
	pbx := startPBX(t)
	alice, bob := start(t, pbx.AMIAddr, "6001"), start(t, pbx.AMIAddr, "6002")
	alice.Register(t)
	require.Equal(t, 480, alice.Dial(t, "6002").WaitRefusal(t), "not registered")
	require.Equal(t, 404, alice.Dial(t, "7000").WaitRefusal(t), "no such number")
	bob.Register(t)
	busy := alice.Dial(t, "6002")
	bob.Incoming(t).Reject(t, 486, "Busy Here")
	require.Equal(t, 486, busy.WaitRefusal(t))
	unanswered := alice.Dial(t, "6002")
	bob.Incoming(t).WaitEnd(t)
	require.Equal(t, 480, unanswered.WaitRefusal(t))
	bob.Unregister(t)
	require.Equal(t, 480, alice.Dial(t, "6002").WaitRefusal(t))
	bob.RequireNoCall(t)
}

func TestPhone_TryRegister_reportsWrongPassword(t *testing.T) {
	t.Parallel()
	pbx := startPBX(t)
	wrong := phone.Start(t, &phone.Options{Server: pbx.AMIAddr, Username: "6001", Password: "secret of 6002"})
	var refused *phone.StatusError
	require.ErrorAs(t, wrong.TryRegister(t.Context()), &refused)
	require.Equal(t, 401, refused.Code)
}
