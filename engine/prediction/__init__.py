"""New pictures: which are meant, what a run or an export says of them, and copies in class folders."""
