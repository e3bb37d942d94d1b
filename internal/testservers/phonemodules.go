package testservers

// PhoneModules are the [AsteriskOptions.Modules] for SIP phones. The file pjsip.conf needs
// a transport, for which the UDP port {{port}} of 127.0.0.1 is free.
func PhoneModules() []string {
	return []string{
		"res_sorcery_config.so", "res_sorcery_astdb.so", "res_sorcery_memory.so", "res_pjproject.so", "res_rtp_asterisk.so",
		"res_pjsip.so", "res_pjsip_session.so", "res_pjsip_sdp_rtp.so", "res_pjsip_registrar.so", "res_pjsip_authenticator_digest.so",
		"res_pjsip_endpoint_identifier_user.so", "res_pjsip_caller_id.so", "res_pjsip_nat.so", "res_pjsip_rfc3326.so",
		"res_pjsip_pubsub.so", "res_pjsip_outbound_publish.so", "res_pjsip_exten_state.so", "res_pjsip_dialog_info_body_generator.so",
		"chan_pjsip.so", "codec_alaw.so", "func_pjsip_aor.so", "func_pjsip_contact.so", "func_pjsip_endpoint.so",
	}
}
