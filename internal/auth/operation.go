package auth

// Operation is an operation on the credentials of an account. Its text is the
// action in the audit log.
type Operation string

// The operations of a [Lifecycle].
const (
	OpSetPassword         Operation = "set password"
	OpSetPasswordHash     Operation = "set password hash"
	OpChangePassword      Operation = "change password"
	OpBeginSecondFactor   Operation = "begin second factor"
	OpShowSecondFactor    Operation = "show second factor"
	OpConfirmSecondFactor Operation = "confirm second factor"
	OpNewRecoveryCodes    Operation = "new recovery codes"
	OpRemoveSecondFactor  Operation = "remove second factor"
	OpRemoveOwnFactor     Operation = "remove own second factor"
	OpInvite              Operation = "invite"
	OpAcceptInvitation    Operation = "accept invitation"
)
