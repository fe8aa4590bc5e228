@@answer@@
