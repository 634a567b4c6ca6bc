"""The outside, one file each: devices and platforms in, words to people out."""
