package extension_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/internal/testservers/phone"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// pbx is a running Asterisk with SIP, which serves the extensions of a service.
type pbx struct {
	*extension.Service
	asterisk *testservers.Asterisk
	client   *ami.Client
	dir      *asteriskconf.ConfigDir
}

// transport is a file pjsip.conf with a transport only.
const transport = "[transport-udp]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:{{port}}\n"

func startPBX(t *testing.T) *pbx {
	t.Helper()
	db := memstore.New()
	p := &pbx{Service: extension.New(db.Extensions(""), nil)}
	p.asterisk = testservers.StartAsterisk(t, &testservers.AsteriskOptions{
		Files: map[string]string{"pjsip.conf": transport}, Modules: testservers.PhoneModules(),
	})
	var err error
	p.client, err = ami.Dial(t.Context(), p.asterisk.AMIAddr, &ami.Options{Username: p.asterisk.AMIUser, Secret: store.NewSecret(p.asterisk.AMISecret)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.client.Close() })
	sources := []asteriskconf.Source{extension.NewPJSIPSource([]extension.Store{db.Extensions("")}, nil), extension.NewDialplanSource(db.Extensions(""))}
	p.dir, err = asteriskconf.Open(p.asterisk.ConfDir, sources, &asteriskconf.Options{Asterisk: p.client})
	require.NoError(t, err)
	_, err = p.dir.Install(t.Context())
	require.NoError(t, err)
	return p
}

func (p *pbx) apply(t *testing.T) *asteriskconf.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	report, err := p.dir.Apply(ctx)
	require.NoError(t, err)
	require.True(t, report.Verified)
	return report
}

// create creates extensions and makes them live.
func (p *pbx) create(t *testing.T, numbers ...string) {
	t.Helper()
	for _, number := range numbers {
		_, err := p.Create(t.Context(), &extension.Extension{Number: number, Name: "Name of " + number})
		require.NoError(t, err)
	}
	p.apply(t)
}

// phone starts a phone with the secret of a device. It is not registered yet.
func (p *pbx) phone(t *testing.T, number string, ordinal int) *phone.Phone {
	t.Helper()
	secret, err := p.DeviceSecret(t.Context(), number, ordinal)
	require.NoError(t, err)
	return phone.Start(t, &phone.Options{Server: p.asterisk.AMIAddr, Username: extension.Endpoint("", number, ordinal), Password: secret.Reveal()})
}

// register starts and registers the phone of a device.
func (p *pbx) register(t *testing.T, number string, ordinal int) *phone.Phone {
	t.Helper()
	registered := p.phone(t, number, ordinal)
	registered.Register(t)
	return registered
}

// requireTalk requires that both sides of an answered call hear each other.
func requireTalk(t *testing.T, out, in *phone.Call) {
	t.Helper()
	out.WaitAnswer(t)
	out.PlayTone(t, 440)
	in.PlayTone(t, 1000)
	in.RequireTone(t, 440)
	out.RequireTone(t, 1000)
	out.HangUp(t)
	in.WaitEnd(t)
}

func TestDialplanSource_phonesCallEachOther(t *testing.T) {
	t.Parallel()
	p := startPBX(t)
	p.create(t, "6001", "6002")
	alice, bob := p.register(t, "6001", 1), p.register(t, "6002", 1)
	out := alice.Dial(t, "6002")
	in := bob.Incoming(t)
	name, number := in.Caller()
	require.Equal(t, "Name of 6001", name)
	require.Equal(t, "6001", number)
	in.Answer(t)
	requireTalk(t, out, in)

	back := bob.Dial(t, "6001")
	in = alice.Incoming(t)
	in.Answer(t)
	requireTalk(t, back, in)
}

func TestDialplanSource_callRingsAllDevices(t *testing.T) {
	t.Parallel()
	p := startPBX(t)
	p.create(t, "6001", "6002")
	for range 2 {
		_, err := p.AddDevice(t.Context(), "6002", "")
		require.NoError(t, err)
	}
	p.apply(t)
	alice, desk, app := p.register(t, "6001", 1), p.register(t, "6002", 1), p.register(t, "6002", 3) // the second is switched off
	out := alice.Dial(t, "6002")
	onDesk, onApp := desk.Incoming(t), app.Incoming(t)
	onApp.Answer(t)
	onDesk.WaitEnd(t)
	requireTalk(t, out, onApp)
	require.Contains(t, strings.Join(p.asterisk.Console(t, "core show hint 6002"), "\n"), "PJSIP/6002&PJSIP/6002-d2&PJSIP/6002-d3")
}

func TestDialplanSource_refusesWhatCannotRing(t *testing.T) {
	t.Parallel()
	p := startPBX(t)
	_, err := p.Create(t.Context(), &extension.Extension{Number: "6009", Type: extension.TypeVirtual})
	require.NoError(t, err)
	p.create(t, "6001", "6002")
	alice := p.register(t, "6001", 1)
	for number, status := range map[string]int{"6002": 480, "6009": 480, "6003": 404} {
		require.Equal(t, status, alice.Dial(t, number).WaitRefusal(t), number)
	}
	bob := p.register(t, "6002", 1)
	out := alice.Dial(t, "6002")
	bob.Incoming(t).Reject(t, 486, "Busy Here")
	require.Equal(t, 486, out.WaitRefusal(t))
}

// A phone whose address changed must not be locked out by its former contact.
func TestPJSIPSource_newContactReplacesUnreachableOne(t *testing.T) {
	t.Parallel()
	p := startPBX(t)
	p.create(t, "6001", "6002")
	alice := p.register(t, "6001", 1)
	p.register(t, "6002", 1).Vanish()
	moved := p.register(t, "6002", 1)
	out := alice.Dial(t, "6002")
	in := moved.Incoming(t)
	in.Answer(t)
	requireTalk(t, out, in)
}

func TestPJSIPSource_Revoke_endsRegistrations(t *testing.T) {
	t.Parallel()
	p := startPBX(t)
	p.create(t, "6001", "6002", "6003")
	_, err := p.AddDevice(t.Context(), "6003", "")
	require.NoError(t, err)
	p.apply(t)
	alice := p.register(t, "6001", 1)
	deleted, rotated, removed, kept := p.register(t, "6002", 1), p.register(t, "6003", 1), p.phone(t, "6003", 2), p.register(t, "6003", 2)

	require.NoError(t, p.Delete(t.Context(), "6002"))
	_, err = p.RotateDevice(t.Context(), "6003", 1)
	require.NoError(t, err)
	report := p.apply(t)
	require.Equal(t, []string{"the registration of 6002 was ended", "the registration of 6003 was ended"}, report.Files[0].Notes)
	p.create(t, "6002") // another owner of the number
	require.Equal(t, 480, alice.Dial(t, "6002").WaitRefusal(t))
	out := alice.Dial(t, "6003")
	in := kept.Incoming(t)
	in.Answer(t)
	requireTalk(t, out, in)
	for name, former := range map[string]*phone.Phone{"deleted": deleted, "rotated": rotated} {
		var refused *phone.StatusError
		require.ErrorAs(t, former.TryRegister(t.Context()), &refused, name)
		require.Equal(t, 401, refused.Code, name)
		former.RequireNoCall(t)
	}
	p.register(t, "6002", 1)

	require.NoError(t, p.RemoveDevice(t.Context(), "6003", 2))
	p.apply(t)
	var refused *phone.StatusError
	require.ErrorAs(t, removed.TryRegister(t.Context()), &refused)
	require.Equal(t, 480, alice.Dial(t, "6003").WaitRefusal(t))
}

func TestPJSIPSource_Verify_comparesEveryOption(t *testing.T) {
	t.Parallel()
	p := startPBX(t)
	for i, name := range []string{"", "O'Neil, [Bob] & ${HOME}; # 😀", strings.Repeat("明", 26), strings.Repeat("明", 50), strings.Repeat("x", 50), "`a` $[1] | %n"} {
		_, err := p.Create(t.Context(), &extension.Extension{Number: strconv.Itoa(6001 + i), Name: name, NAT: i%2 == 0, Codecs: []string{"ulaw", "g722"}})
		require.NoError(t, err)
	}
	p.apply(t)
	listener := p.register(t, "6001", 1)
	for i, name := range []string{"O'Neil, [Bob] & ${HOME}; # 😀", strings.Repeat("明", 26), strings.Repeat("明", 50)} {
		caller := p.register(t, strconv.Itoa(6002+i), 1)
		out := caller.Dial(t, "6001")
		in := listener.Incoming(t)
		shown, _ := in.Caller()
		require.Equal(t, name, shown)
		in.Reject(t, 486, "Busy Here")
		require.Equal(t, 486, out.WaitRefusal(t))
	}
}
