"""What is said in media: the words of their subtitles, by which they are found."""
