package captcha

// Answer returns the answer to a challenge, as only the holder of the key can.
func (d *Digits) Answer(id string) (string, error) {
	t, err := openToken(d.cfg.Key, id)
	return string(t.answer[:]), err
}
