// Package permission defines what users may do.
//
// A [Registry] lists the permissions of a product: the [Standard] ones and the
// product's own. A permission is either on or off, or a list of extensions, phone
// numbers or names. Users and groups set a [Value] for any of them, in
// [Permissions].
//
// A [Resolver] holds the grants of all groups. [Resolver.For] returns the
// [EffectiveSet] of one user. The user's own value comes first, then those of the
// groups by priority, then the default. [EffectiveSet.Explain] returns the reasons.
//
// The package is pure: it reads no store and has no clock.
package permission
