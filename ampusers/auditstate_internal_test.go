package ampusers

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Fingerprints in the audit log are of this text. If its encoding changed, all
// older records would look modified.
func TestAuditState_keepsStableEncoding(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	a := &Administrator{
		Username: "jane", DisplayName: "Jane", Access: Limited, Sections: []string{"b", "a"}, SessionEpoch: 7,
		Credentials: credential.Credentials{
			PasswordHash: store.NewSecret("h"),
			SecondFactor: &credential.TOTP{Secret: store.NewSecret("k"), LastStep: 3},
			Devices:      []credential.TrustedDevice{{TokenHash: []byte{3}, LastUsedAt: at}},
		},
		CreatedAt: at, UpdatedAt: at,
	}
	want := `{"username":"jane","display_name":"Jane","access":"limited","sections":["a","b"],"teams":[],"extensions":"","dids":"",` +
		`"disabled":false,"session_epoch":7,"password_hash":"h","second_factor":{"secret":"k","confirmed":false,"last_step":3},` +
		`"devices":[{"token_hash":"Aw==","last_used_at":1772355600000000}],` +
		`"created_at":1772355600000000,"updated_at":1772355600000000,"password_changed_at":-62135596800000000,"last_login_at":-62135596800000000}`
	require.Equal(t, want, string(auditState(a)))
}
