SELECT {columns} FROM book.certificates WHERE id = {id}
